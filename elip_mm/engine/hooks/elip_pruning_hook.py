# Copyright (c) elip_mm contributors. All rights reserved.
from typing import Optional, Sequence, Union

from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import nn

from elip_mm.adapters import attach_reducer, detach_reducer
from elip_mm.registry import HOOKS


@HOOKS.register_module()
class ELIPPruningHook(Hook):
    """Make a model reduce its vision tokens for the length of a run.

    Put into ``custom_hooks`` of a config of mmpretrain, it works on
    ``BlipRetrieval``, ``BlipCaption``, ``BlipVQA``, ``BlipNLVR``,
    ``ImageClassifier`` and ``CLIP`` without a change to their code or the
    rest of the config. Checkpoints are those of the plain model.

    Args:
        reducer (dict): Config of a strategy from ``TOKEN_REDUCERS``.
        target (str or Sequence[str], optional): As in
            :func:`attach_reducer`. Defaults to None.
        during (Sequence[str]): When to reduce, 'loss' and 'predict'. Defaults
            to ('loss',).
        guidance (str): 'auto', 'text' or 'none'. Defaults to 'auto'.
        with_cp (bool): Whether to recompute layers in the backward pass.
            Defaults to False.
    """

    # Hooks that copy the model shall copy the one that reduces.
    priority = 'VERY_HIGH'

    def __init__(
        self,
        reducer: dict,
        target: Union[str, Sequence[str], None] = None,
        during: Sequence[str] = ('loss',),
        guidance: str = 'auto',
        with_cp: bool = False,
    ) -> None:
        self.reducer = dict(reducer)
        self.target = target
        self.during = during
        self.guidance = guidance
        self.with_cp = with_cp
        self._attached: Optional[nn.Module] = None

    def before_run(self, runner: Runner) -> None:
        """Attach the reducer; a model that does not fit fails here."""
        attach_reducer(
            runner.model,
            self.reducer,
            target=self.target,
            during=self.during,
            guidance=self.guidance,
            with_cp=self.with_cp,
        )
        self._attached = runner.model

    def after_run(self, runner: Runner) -> None:
        """Leave the plain model behind."""
        if self._attached is not None:
            detach_reducer(self._attached)
            self._attached = None
