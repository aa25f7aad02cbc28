# Copyright (c) elip_mm contributors. All rights reserved.
import os
from typing import Any, Dict, Iterator, Optional, Tuple

from mmengine.dist import is_main_process
from mmengine.hooks import CheckpointHook as BaseCheckpointHook
from mmengine.runner import BaseLoop, Runner

from elip_mm.registry import HOOKS
from elip_mm.utils.finite import broken_weights
from elip_mm.utils.model_wrappers import unwrap_model

from .atomic import ATOMIC, AtomicLocalBackend
from .complete import check_complete
from .contents import check_run_file
from .loading import use_safe_loading
from .plain_data import from_plain, to_plain
from .resume_check import check_resumable
from .resume_settings import compare_settings, use_settings_of_config
from .strict_check import check_state_dict

__all__ = ['CheckpointHook']

# Packages of whose metrics more is better, all of them.
_KNOWN = ('elip_mm', 'mmpretrain')


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
    - Weights that are not finite are neither written nor read.
    - A run resumes exactly, or not at all: with everything that it needs, the
      shapes of before, and within its length. Settings of optimiser and
      schedule that the config has differently are told; with
      ``resume_settings = 'config'`` they take the place of the old ones.

    Comes last of all hooks, so that it sees what others add to a checkpoint,
    and the weights that they choose or rename, as ``EMAHook`` does.

    Args:
        *args: Arguments of :class:`mmengine.hooks.CheckpointHook`.
        backend_args (dict, optional): Storage to save to. None is the local
            file system, one whole file at a time. Defaults to None.
        **kwargs: Arguments of :class:`mmengine.hooks.CheckpointHook`.
    """

    priority = 'LOWEST'

    # mmengine knows those of classification and detection.
    _default_greater_keys = [
        *BaseCheckpointHook._default_greater_keys,
        'recall',
        'anls',
        'f1-score',
        'bleu',
        'cider',
        'meteor',
        'rouge',
        'spice',
    ]

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

        Raises:
            ValueError: If ``save_best='auto'`` cannot know whether more of a
                metric is better.
        """
        super().before_train(runner)
        self._check_save_best(runner)
        check_complete(unwrap_model(runner.model))
        for indicator, path in dict(self._best_paths()).items():
            self._set_best_path(indicator, self._in_own_folder(path))
        every = getattr(runner.optim_wrapper, '_accumulative_counts', 1)
        if not self.by_epoch and self.interval > 0 and self.interval % every:
            runner.logger.warning(
                f'Checkpoints are saved every {self.interval} iterations, '
                f'but gradients are accumulated over {every}: a resumed run '
                'loses those that were not applied yet. Make the interval a '
                f'multiple of {every} to resume exactly.'
            )

    def _check_save_best(self, runner: Runner) -> None:
        """Raise now what would end the run after its first validation."""
        if not self.save_best:
            return
        if runner.val_loop is None:
            runner.logger.warning(
                'CheckpointHook: save_best saves nothing without validation.'
            )
        elif 'auto' in self.key_indicators and self.rules[0] is None:
            foreign = [
                type(metric).__name__
                for metric in runner.val_loop.evaluator.metrics
                if type(metric).__module__.split('.')[0] not in _KNOWN
            ]
            if foreign:
                raise ValueError(
                    "CheckpointHook: save_best='auto' takes the first metric "
                    f'of the first validation, and of {foreign[0]} it is not '
                    "known whether more is better. Add rule='greater' or "
                    "rule='less'."
                )

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Make the checkpoint plain, in place; refuse one that is broken.

        Args:
            runner (Runner): The runner.
            checkpoint (dict): What is about to be saved.

        Raises:
            FloatingPointError: If weights are not finite. Nothing is
                written, and no older checkpoint removed.
        """
        model = unwrap_model(runner.model)
        check_complete(model, checkpoint.get('state_dict'))
        own = {
            name for name, _ in model.named_parameters(remove_duplicate=False)
        }
        broken = broken_weights(checkpoint['state_dict'].items(), own)
        if broken:
            raise FloatingPointError(
                f'No checkpoint is written: {broken[0]} is not finite '
                f'({len(broken)} weights in all), so the training has '
                'diverged. Earlier checkpoints stay; resume from the last '
                'one with a lower learning rate, or with clipped gradients.'
            )
        to_plain(checkpoint, runner.logger.warning)

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Rebuild the log history, and compare the weights with the model.

        Args:
            runner (Runner): The runner.
            checkpoint (dict): What was loaded; changed in place.
        """
        source = str(runner._load_from or 'the checkpoint')
        if runner._resume:
            check_run_file(checkpoint, source)
        from_plain(checkpoint)
        resuming = runner._resume and isinstance(runner._train_loop, BaseLoop)
        if resuming:
            check_resumable(runner, checkpoint, source)
        partial = not runner.cfg.get('load_strict', True)
        check_state_dict(
            unwrap_model(runner.model),
            checkpoint,
            source=source,
            partial=partial and not runner._resume,
        )
        if resuming:
            self._choose_settings(runner, checkpoint)

    def _choose_settings(self, runner: Runner, checkpoint: dict) -> None:
        """Take settings from the checkpoint or the config, and say which."""
        wanted = runner.cfg.get('resume_settings', 'checkpoint')
        if wanted not in ('checkpoint', 'config'):
            raise ValueError(
                "resume_settings must be 'checkpoint' or 'config', but got "
                f'{wanted!r}.'
            )
        lines, other = compare_settings(runner, checkpoint)
        if not lines:
            return
        text = '\n  '.join(['', *lines, ''])
        if wanted == 'config':
            use_settings_of_config(runner, checkpoint)
            runner.logger.info(
                'The run goes on with settings of the config in place of '
                f"those of the checkpoint, as resume_settings='config':{text}"
            )
            return
        mend = (
            "To mean those of the config, set resume_settings='config' "
            '(--cfg-options resume_settings=config).'
        )
        if other:
            raise ValueError(
                'The schedule of the checkpoint is of another kind than that '
                f'of the config:{text}{mend}'
            )
        runner.logger.warning(
            'The run goes on with the settings of the checkpoint, but the '
            f'config has others:{text}{mend}'
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
        for name in self.key_indicators:
            if name != 'auto' and name not in metrics:
                raise ValueError(
                    f'CheckpointHook: save_best names {name!r}, but the '
                    f'validation gives {", ".join(metrics)}.'
                )
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
        if not self.save_best:
            return
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

    def _in_own_folder(self, path: Optional[str]) -> Optional[str]:
        """Where the best checkpoint is that a resumed run remembers.

        What is removed once there is a better one comes from a file, where it
        may be any path. In a folder that was moved, only the name is right.
        """
        name = os.path.basename(path or '')
        if not name.startswith('best_'):
            return None
        return self.file_backend.join_path(self.out_dir, name)

    def _remove(self, path: str) -> None:
        if self.file_backend.isfile(path):
            self.file_backend.remove(path)
        elif self.file_backend.isdir(path):  # as DeepSpeed saves them
            self.file_backend.rmtree(path)
