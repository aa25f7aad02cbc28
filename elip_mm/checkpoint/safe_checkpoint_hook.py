# Copyright (c) elip_mm contributors. All rights reserved.
import os
from pathlib import Path
from typing import Optional, Union

from mmengine.dist import is_main_process
from mmengine.fileio import LocalBackend, register_backend
from mmengine.hooks import CheckpointHook
from mmengine.runner import Runner

from elip_mm.registry import HOOKS

__all__ = ['AtomicLocalBackend', 'SafeCheckpointHook']


class AtomicLocalBackend(LocalBackend):
    """Local files that are either complete or not there.

    A file is written beside its destination and then moved over it, which is
    one step for the file system. A process killed in between leaves the old
    file, and a ``.partial`` one that the next save overwrites.
    """

    def put(self, obj: bytes, filepath: Union[str, Path]) -> None:
        """Write bytes to a file.

        Args:
            obj (bytes): The content.
            filepath (str or Path): Where to.
        """
        partial = f'{filepath}.partial'
        os.makedirs(os.path.dirname(os.path.abspath(filepath)), exist_ok=True)
        with open(partial, 'wb') as file:
            file.write(obj)
            # Else the name may reach the disk before the content does, and
            # a power failure would leave an empty file under a good name.
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, filepath)

    def put_text(
        self,
        obj: str,
        filepath: Union[str, Path],
        encoding: str = 'utf-8',
    ) -> None:
        """Write text to a file.

        Args:
            obj (str): The content.
            filepath (str or Path): Where to.
            encoding (str): How to encode it. Defaults to 'utf-8'.
        """
        self.put(obj.encode(encoding), filepath)


# Under a name of its own: files that are not checkpoints stay as they were.
register_backend('elip_mm.atomic', AtomicLocalBackend, force=True)


@HOOKS.register_module()
class SafeCheckpointHook(CheckpointHook):
    """mmengine's ``CheckpointHook`` for runs that may be killed at any time.

    Checkpoints, the best ones too, appear under their names only when they
    are complete; ``last_checkpoint`` names one that is; and an old one goes
    only after the new one is there, so that ``max_keep_ckpts=1`` never means
    none.

    Args:
        *args: Arguments of :class:`mmengine.hooks.CheckpointHook`.
        backend_args (dict, optional): Storage to save to. None is the local
            file system, one whole file at a time. Defaults to None.
        **kwargs: Arguments of :class:`mmengine.hooks.CheckpointHook`.
    """

    def __init__(
        self, *args, backend_args: Optional[dict] = None, **kwargs
    ) -> None:
        if backend_args is None and kwargs.get('file_client_args') is None:
            backend_args = dict(backend='elip_mm.atomic')
        super().__init__(*args, backend_args=backend_args, **kwargs)

    def before_train(self, runner: Runner) -> None:
        """Find out where to save, and warn of saves that lose gradients.

        Args:
            runner (Runner): The runner.
        """
        super().before_train(runner)
        every = getattr(runner.optim_wrapper, '_accumulative_counts', 1)
        if not self.by_epoch and self.interval > 0 and self.interval % every:
            runner.logger.warning(
                f'Checkpoints are saved every {self.interval} iterations, '
                f'but gradients are accumulated over {every}: a resumed run '
                'loses those that were not applied yet. Make the interval a '
                f'multiple of {every} to resume exactly.'
            )

    def _save_checkpoint_with_step(
        self, runner: Runner, step: int, meta: dict
    ) -> None:
        """Save one checkpoint, then remove what is too old.

        mmengine removes first. It calls this method for checkpoints by epoch,
        by iteration, and once more when a best score has to be noted.
        """
        outdated = []
        if self.max_keep_ckpts > 0:
            keep = [kept for kept in self.keep_ckpt_ids if kept != step]
            keep.append(step)
            outdated = keep[: -self.max_keep_ckpts]
            self.keep_ckpt_ids.clear()
            self.keep_ckpt_ids.extend(keep[-self.max_keep_ckpts :])
            runner.message_hub.update_info(
                'keep_ckpt_ids', list(self.keep_ckpt_ids)
            )
        filename = self.filename_tmpl.format(step)
        self.last_ckpt = self.file_backend.join_path(self.out_dir, filename)
        runner.message_hub.update_info('last_ckpt', self.last_ckpt)
        runner.save_checkpoint(
            self.out_dir,
            filename,
            self.file_client_args,
            save_optimizer=self.save_optimizer,
            save_param_scheduler=self.save_param_scheduler,
            meta=meta,
            by_epoch=self.by_epoch,
            backend_args=self.backend_args,
            **self.args,
        )
        if not is_main_process():
            return
        AtomicLocalBackend().put_text(
            self.last_ckpt, os.path.join(runner.work_dir, 'last_checkpoint')
        )
        for old in outdated:
            self._remove(self.filename_tmpl.format(old))

    def _remove(self, filename: str) -> None:
        path = self.file_backend.join_path(self.out_dir, filename)
        if self.file_backend.isfile(path):
            self.file_backend.remove(path)
        elif self.file_backend.isdir(path):  # as DeepSpeed saves them
            self.file_backend.rmtree(path)
