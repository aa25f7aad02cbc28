# Copyright (c) elip_mm contributors. All rights reserved.
from mmengine.hooks import Hook
from mmengine.runner import Runner

from elip_mm.registry import HOOKS
from elip_mm.utils.model_wrappers import unwrap_model

from .strict_check import check_state_dict

__all__ = ['CheckpointGuardHook']


@HOOKS.register_module()
class CheckpointGuardHook(Hook):
    """Refuse a checkpoint of another architecture.

    mmengine loads what fits and warns about the rest, so that a run with a
    wrong path trains or tests random weights. Here everything has to fit. The
    one exception is asked for in the config: with ``load_strict = False``,
    ``load_from`` may start a training from a part of the weights, such as a
    backbone without its heads; shapes must agree all the same. Resuming is
    always strict.

    Comes last of all hooks, after those that choose or rename the weights,
    like ``EMAHook``.
    """

    priority = 'LOWEST'

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Compare the checkpoint with the model.

        Args:
            runner (Runner): The runner.
            checkpoint (dict): What was loaded.
        """
        model = runner.model
        model = unwrap_model(model)
        partial = not runner.cfg.get('load_strict', True)
        check_state_dict(
            model,
            checkpoint,
            source=str(runner._load_from or 'the checkpoint'),
            partial=partial and not runner._resume,
        )
