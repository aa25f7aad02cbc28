# Copyright (c) elip_mm contributors. All rights reserved.
from mmengine.hooks import Hook
from mmengine.runner import Runner

from elip_mm.registry import HOOKS
from elip_mm.utils.model_wrappers import unwrap_model


def soft_share(
    iteration: int, epoch_length: int, alpha: float, ramp_epochs: float
) -> float:
    """Weight of the momentum encoder in soft targets, growing linearly from 0.

    Args:
        iteration (int): Iterations done before this one.
        epoch_length (int): Iterations of an epoch.
        alpha (float): The weight after the ramp.
        ramp_epochs (float): Length of the ramp; 0 means none.

    Returns:
        float: From 0 to ``alpha``.
    """
    ramp = ramp_epochs * epoch_length
    return alpha if ramp <= 0 else alpha * min(1.0, iteration / ramp)


@HOOKS.register_module()
class SoftTargetHook(Hook):
    """Let the weight of the momentum encoder in soft targets grow.

    A pure function of the iteration: nothing is stored, and a resumed run
    goes on exactly.

    Args:
        alpha (float): The weight after the ramp, in [0, 1]. Defaults to 0.4.
        ramp_epochs (float): Length of the ramp in epochs; ALBEF takes 1,
            BLIP 2, and 0 means none. Defaults to 1.

    Source: released code of ALBEF, https://arxiv.org/abs/2107.07651, and
    BLIP, https://arxiv.org/abs/2201.12086.
    """

    def __init__(self, alpha: float = 0.4, ramp_epochs: float = 1) -> None:
        if not 0 <= alpha <= 1 or ramp_epochs < 0:
            raise ValueError(
                'SoftTargetHook: alpha must lie in [0, 1] and ramp_epochs '
                f'must not be negative, but got {alpha} and {ramp_epochs}.'
            )
        self.alpha = alpha
        self.ramp_epochs = ramp_epochs

    def before_train(self, runner: Runner) -> None:
        """Raise if the model has no soft targets."""
        model = unwrap_model(runner.model)
        if not hasattr(model, 'set_alpha'):
            raise ValueError(
                f'SoftTargetHook: {type(model).__name__} has no soft '
                'targets; remove the hook, or train ALBEF or BLIP.'
            )

    def before_train_iter(
        self, runner: Runner, batch_idx: int, data_batch=None
    ) -> None:
        """Set the share of this iteration."""
        alpha = soft_share(
            runner.iter,
            len(runner.train_dataloader),
            self.alpha,
            self.ramp_epochs,
        )
        unwrap_model(runner.model).set_alpha(alpha)
