# Copyright (c) elip_mm contributors. All rights reserved.
import os
from typing import Any, Dict, Iterator, Optional, Tuple

from mmengine.dist import is_main_process
from mmengine.hooks import CheckpointHook as BaseCheckpointHook
from mmengine.runner import Runner

from elip_mm.registry import HOOKS
from elip_mm.utils.model_wrappers import unwrap_model

from .atomic import ATOMIC, AtomicLocalBackend
from .complete import check_complete
from .loading import use_safe_loading
from .plain_data import from_plain, to_plain
from .strict_check import check_state_dict

__all__ = ['CheckpointHook']


@HOOKS.register_module()
class CheckpointHook(BaseCheckpointHook):
    """mmengine's ``CheckpointHook`` that loses nothing and trusts no file.

    - Runs may be killed at any time: checkpoints, the best ones too, appear
      under their names only when they are complete; ``last_checkpoint`` names
      one that is; and an old one goes only after the new one is there, so
      that ``max_keep_ckpts=1`` never means none.
    - Files hold tensors and plain data only and are read without executing
      code from them, see :func:`to_plain` and :func:`use_safe_loading`.
    - A checkpoint of another architecture is refused, where mmengine loads
      what fits and warns about the rest. The one exception is asked for in
      the config: with ``load_strict = False``, ``load_from`` may start a
      training from a part of the weights, such as a backbone without its
      heads; shapes must agree all the same. Resuming is always strict.

    Comes last of all hooks, so that it sees what others add to a checkpoint,
    and the weights that they choose or rename, as ``EMAHook`` does.

    Args:
        *args: Arguments of :class:`mmengine.hooks.CheckpointHook`.
        backend_args (dict, optional): Storage to save to. None is the local
            file system, one whole file at a time. Defaults to None.
        **kwargs: Arguments of :class:`mmengine.hooks.CheckpointHook`.
    """

    priority = 'LOWEST'

    def __init__(
        self, *args, backend_args: Optional[dict] = None, **kwargs
    ) -> None:
        if backend_args is None and kwargs.get('file_client_args') is None:
            backend_args = dict(backend=ATOMIC)
        super().__init__(*args, backend_args=backend_args, **kwargs)

    def before_run(self, runner: Runner) -> None:
        """Load safely from here on, whoever built the runner.

        Args:
            runner (Runner): The runner; it has loaded nothing yet.
        """
        super().before_run(runner)
        use_safe_loading()

    def before_train(self, runner: Runner) -> None:
        """Find out where to save, and what saves would lose.

        Args:
            runner (Runner): The runner.
        """
        super().before_train(runner)
        check_complete(unwrap_model(runner.model))
        every = getattr(runner.optim_wrapper, '_accumulative_counts', 1)
        if not self.by_epoch and self.interval > 0 and self.interval % every:
            runner.logger.warning(
                f'Checkpoints are saved every {self.interval} iterations, '
                f'but gradients are accumulated over {every}: a resumed run '
                'loses those that were not applied yet. Make the interval a '
                f'multiple of {every} to resume exactly.'
            )

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Make the checkpoint plain, in place.

        Args:
            runner (Runner): The runner.
            checkpoint (dict): What is about to be saved.
        """
        check_complete(
            unwrap_model(runner.model), checkpoint.get('state_dict')
        )
        to_plain(checkpoint, runner.logger.warning)

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Rebuild the log history, and compare the weights with the model.

        Args:
            runner (Runner): The runner.
            checkpoint (dict): What was loaded; changed in place.
        """
        from_plain(checkpoint)
        partial = not runner.cfg.get('load_strict', True)
        check_state_dict(
            unwrap_model(runner.model),
            checkpoint,
            source=str(runner._load_from or 'the checkpoint'),
            partial=partial and not runner._resume,
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
            self._remove(
                self.file_backend.join_path(
                    self.out_dir, self.filename_tmpl.format(old)
                )
            )

    def _save_best_checkpoint(
        self, runner: Runner, metrics: Dict[str, Any]
    ) -> None:
        """Save what is the best so far, then remove what was until now.

        mmengine removes first; it does not if it knows of no former best.
        """
        if not self.save_best:
            return
        former = dict(self._best_paths())
        for indicator in former:
            self._set_best_path(indicator, None)
        super()._save_best_checkpoint(runner, metrics)
        best = dict(self._best_paths())
        for indicator, path in former.items():
            if best[indicator] is None:  # no better than before
                self._set_best_path(indicator, path)
            elif path and path != best[indicator] and is_main_process():
                self._remove(path)

    def _best_paths(self) -> Iterator[Tuple[Optional[str], Optional[str]]]:
        """Best checkpoints by indicator; by None if there is but one."""
        if len(self.key_indicators) == 1:
            yield None, self.best_ckpt_path
        else:
            yield from self.best_ckpt_path_dict.items()

    def _set_best_path(
        self, indicator: Optional[str], path: Optional[str]
    ) -> None:
        if indicator is None:
            self.best_ckpt_path = path
        else:
            self.best_ckpt_path_dict[indicator] = path

    def _remove(self, path: str) -> None:
        if self.file_backend.isfile(path):
            self.file_backend.remove(path)
        elif self.file_backend.isdir(path):  # as DeepSpeed saves them
            self.file_backend.rmtree(path)
