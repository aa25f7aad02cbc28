# Copyright (c) elip_mm contributors. All rights reserved.
from typing import Optional, Sequence, Tuple, Union

import torch
import torch.nn.functional as F
from torch import Tensor

from elip_mm.ops import (
    StageSpec,
    TowerShape,
    base_count,
    keep_and_fuse,
    keep_and_group,
    ratio_to_count,
)
from elip_mm.registry import TOKEN_REDUCERS
from elip_mm.structures import LayerView, TokenPlan, TokenState
from elip_mm.utils.checks import (
    check_choice,
    check_number,
    check_whole,
    shown,
)

from .base import TokenReducer
from .elip_settings import (
    DEFAULT_STAGES,
    GUIDANCE_RULES,
    GUIDANCE_SCALES,
    ELIPStage,
    read_count_base,
    read_counts,
    read_stages,
)
from .keep_budget import KeepBudget


@TOKEN_REDUCERS.register_module()
class ELIPReducer(TokenReducer):
    """Keep the patches that a text-guided look-ahead attends to.

    Before a stage's layer, a copy of the tokens whose class token leans
    towards the caption runs through the next layers without gradient. The
    attention of that class token in the last of them ranks the patches: the
    best stay in image order, the others become one token, their mean weighted
    by attention, appended at the end.

    Args:
        stages (Sequence[dict]): Records ``dict(layer, look_ahead,
            keep_ratio)``, see :class:`ELIPStage`. Defaults to the three
            stages of the paper for 12 layers.
        text_weight (float): Weight of the text in the blended class token, in
            [0, 1]. Defaults to 0.2.
        eps (float): Added to the sum of the fused scores. Defaults to 1e-6.
        count_base (str | int): What ``keep_ratio`` refers to: ``'patches'``
            (ALBEF, BLIP, METER), ``'tokens'`` (CLIP: class token included)
            or a number. Defaults to 'patches'.
        keep_counts (Sequence[int], optional): Number of tokens that each
            stage keeps; overrides ``keep_ratio``. Defaults to None.
        without_guidance (str): What a call without text does:
            ``'keep_all'``, or ``'vision'`` to rank by the class token as it
            is. Defaults to 'keep_all'.
        guidance_scale (str): ``'as_is'``, as in the released code, or
            ``'match_cls'``: the text vector is brought to the norm of the
            token that it is blended with, so that ``text_weight`` means what
            it says whatever the two encoders give. Defaults to 'as_is'.
        merge_tokens (int): Tokens that the unkept ones become. With more
            than one, they are grouped around the best-scored of them by the
            similarity of their keys in the stage's layer. Defaults to 1.
        budget (str, optional): A budget relative to the dense tower, for which
            the ratios of the stages are found: ``'flops:0.75'`` of a training
            step, look-ahead included, or ``'tokens:0.70'``, mean over the
            layers. Overrides the ``keep_ratio`` of the stages, which may
            be left out. Defaults to None.

    Source: https://arxiv.org/abs/2309.16738.
    """

    needs = ('guidance',)

    def __init__(
        self,
        stages: Sequence[dict] = DEFAULT_STAGES,
        text_weight: float = 0.2,
        eps: float = 1e-6,
        count_base: Union[str, int] = 'patches',
        keep_counts: Optional[Sequence[int]] = None,
        without_guidance: str = 'keep_all',
        guidance_scale: str = 'as_is',
        merge_tokens: int = 1,
        budget: Optional[str] = None,
        init_cfg: Optional[dict] = None,
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        if budget is not None and keep_counts is not None:
            raise ValueError(
                'ELIPReducer: budget and keep_counts both say how many '
                f'tokens stay, {shown(budget)} and {shown(keep_counts)}; '
                'remove one of them.'
            )
        self._stages = read_stages(stages, with_ratios=budget is None)
        self._keep_counts = read_counts(keep_counts, self._stages)
        name = type(self).__name__
        self._text_weight = check_number(
            f'{name}: text_weight', text_weight, 0, 1
        )
        self._eps = check_number(f'{name}: eps', eps, 0)
        self._count_base = read_count_base(count_base)
        self._without_guidance = check_choice(
            f'{name}: without_guidance', without_guidance, GUIDANCE_RULES
        )
        self._guidance_scale = check_choice(
            f'{name}: guidance_scale', guidance_scale, GUIDANCE_SCALES
        )
        self._merge_tokens = check_whole(
            f'{name}: merge_tokens', merge_tokens, low=1
        )
        specs = [
            StageSpec(s.layer, s.look_ahead, self._merge_tokens)
            for s in self._stages
        ]
        self._budget = None if budget is None else KeepBudget(budget, specs)

    @property
    def stages(self) -> Tuple[ELIPStage, ...]:
        """tuple[ELIPStage]: The stages, in order of their layers."""
        return self._stages

    @property
    def text_weight(self) -> float:
        """float: Weight of the text in the blended class token."""
        return self._text_weight

    def setup(self, tower: TowerShape) -> None:
        """Check the stages against the depth and solve the budget."""
        num_layers = tower.num_layers
        for stage in self._stages:
            left = num_layers - stage.layer
            if left < 1:
                raise ValueError(
                    f'ELIPReducer: there is no layer {stage.layer} in a '
                    f'{num_layers}-layer backbone (counted from 0); give the '
                    'stage an earlier layer or remove it.'
                )
            if stage.look_ahead > left:
                raise ValueError(
                    f'ELIPReducer: the stage before layer {stage.layer} '
                    f'looks {stage.look_ahead} layers ahead, but only {left} '
                    f'are left in a {num_layers}-layer backbone; set its '
                    f'look_ahead to at most {left}.'
                )
        if self._budget:
            self._budget.setup(tower)

    def num_keep(self, index: int, num_patches: int, num_prefix: int) -> int:
        """Patch tokens that a stage keeps at full strength.

        Args:
            index (int): Index of the stage.
            num_patches (int): Patches of the image.
            num_prefix (int): Leading tokens that are not patches.

        Returns:
            int: The count.
        """
        if self._keep_counts is not None:
            return self._keep_counts[index]
        if self._budget:
            return self._budget.counts(num_patches)[index]
        base = base_count(self._count_base, num_patches, num_prefix)
        return ratio_to_count(self._stages[index].keep_ratio, base)

    def before_layer(self, view: LayerView) -> Optional[TokenPlan]:
        """Rank by look-ahead and fuse what is ranked low."""
        index = self._stage_at(view.index)
        if index is None:
            return None
        guidance, state = view.hints.guidance, view.state
        if guidance is None and self._without_guidance == 'keep_all':
            return None
        goal = self.num_keep(index, state.num_patches, int(state.has_cls))
        num_keep = self.ease(state.num_patch_tokens, goal)
        if num_keep >= state.num_patch_tokens:
            return None

        probe = self.blend(state, guidance)
        scores = view.require_look_ahead()(
            probe, self._stages[index].look_ahead
        )
        # A summary token that the probe got is not one of the state's.
        scores = scores[:, probe.shape[1] - state.tokens.shape[1] :]
        if self._merge_tokens == 1:
            return keep_and_fuse(
                scores, num_keep, num_prefix=state.num_prefix, eps=self._eps
            )
        return keep_and_group(
            scores,
            view.require_mean_key()(),
            num_keep,
            self._merge_tokens,
            num_prefix=state.num_prefix,
            eps=self._eps,
        )

    @torch.no_grad()
    def blend(self, state: TokenState, guidance: Optional[Tensor]) -> Tensor:
        """Make the throw-away copy whose first token leans to the text.

        Without a class token the copy gets a summary token in front, the
        mean of the patches; it exists only in the look-ahead.

        Args:
            state (TokenState): ``N`` tokens.
            guidance (Tensor, optional): Shape ``(B, C)``.

        Returns:
            Tensor: Shape ``(B, N, C)``, or ``(B, N + 1, C)`` with a summary
            token.
        """
        tokens = state.tokens.detach()
        if state.has_cls:
            first, rest = tokens[:, :1], tokens[:, 1:]
        else:
            first, rest = state.mean().detach().unsqueeze(1), tokens
        if guidance is not None:
            text = guidance.detach().unsqueeze(1).to(first.dtype)
            if self._guidance_scale == 'match_cls':
                text = F.normalize(text, dim=-1) * first.norm(
                    dim=-1, keepdim=True
                )
            first = (1 - self._text_weight) * first + self._text_weight * text
        return torch.cat([first, rest], dim=1)

    def _stage_at(self, layer: int) -> Optional[int]:
        for index, stage in enumerate(self._stages):
            if stage.layer == layer:
                return index
        return None
