# Copyright (c) elip_mm contributors. All rights reserved.
from functools import partial
from typing import Collection, Dict, Optional, Sequence, Tuple, Union

import torch
from mmpretrain.models.backbones import VisionTransformer
from mmpretrain.models.utils import resize_pos_embed
from torch import Tensor, nn

from elip_mm.models.layers import ReducibleEncoderLayer, check_plain
from elip_mm.models.reducers.base import TokenReducer
from elip_mm.models.reducers.signals import complete_hints
from elip_mm.registry import MODELS
from elip_mm.structures import Hints, LayerView, TakenPlan, TokenState

from .hint_checks import check_hints
from .plan_follower import PlanFollower
from .token_stepper import look_ahead, run_layer
from .tower_shape import build_reducer_for


@MODELS.register_module()
class PrunedViT(VisionTransformer):
    """mmpretrain's ``VisionTransformer`` whose tokens a reducer may reduce.

    Parameters and their names are the parent's: checkpoints go both ways.
    Without a reducer, without guidance where the reducer wants one, or with
    ``reduce=False``, the outputs are the parent's bit for bit.

    Args:
        *args: Positional arguments of the parent.
        reducer (dict, optional): Config of a strategy from
            ``TOKEN_REDUCERS``. Defaults to None, no reduction.
        with_cp (bool): Whether to recompute each layer in the backward pass
            instead of storing its activations. The look-ahead is never
            recomputed. Defaults to False.
        num_registers (int): Learned tokens without a place, between the
            class token and the patches; they are never reduced. Defaults to
            0. Source: https://arxiv.org/abs/2309.16588.
        **kwargs: Keyword arguments of the parent, among them ``arch``,
            ``img_size``, ``patch_size``, ``out_type`` and
            ``with_cls_token``.
    """

    num_registers = 0  # of a plain ViT that is taken over

    def __init__(
        self,
        *args,
        reducer: Optional[dict] = None,
        with_cp: bool = False,
        num_registers: int = 0,
        **kwargs,
    ) -> None:
        super().__init__(*args, **kwargs)
        if num_registers:
            self.num_registers = num_registers
            # Frozen with what else comes before the first layer.
            self.registers = nn.Parameter(
                0.02 * torch.randn(1, num_registers, self.embed_dims),
                requires_grad=self.frozen_stages <= 0,
            )
        for layer in self.layers:
            ReducibleEncoderLayer.adopt(layer)
        self.with_cp = with_cp
        self.reducer = build_reducer_for(
            self, reducer or dict(type='elip_mm.TokenReducer')
        )

    @classmethod
    def adopt(
        cls, vit: VisionTransformer, reducer: dict, with_cp: bool = False
    ) -> 'PrunedViT':
        """Turn a plain ViT into this class, in place.

        It stays the same object with the same parameters, so whoever holds
        it, an optimizer or a wrapper, need not know. :meth:`release` turns
        it back.

        Args:
            vit (VisionTransformer): mmpretrain's, not a subclass.
            reducer (dict): Config of a strategy from ``TOKEN_REDUCERS``.
            with_cp (bool): As in the class. Defaults to False.

        Returns:
            PrunedViT: ``vit``.
        """
        if type(vit) is not VisionTransformer:
            raise ValueError(
                f'PrunedViT can only take over a plain VisionTransformer of '
                f'mmpretrain, but got a {type(vit).__name__}, whose forward '
                'may differ; name another target.'
            )
        # What does not fit fails before anything is changed.
        built = build_reducer_for(vit, reducer)
        for layer in vit.layers:
            check_plain(layer)
        vit.__class__ = cls
        for layer in vit.layers:
            ReducibleEncoderLayer.adopt(layer)
        vit.with_cp = with_cp
        vit.reducer = built.train(vit.training)
        return vit

    def release(self) -> VisionTransformer:
        """Undo :meth:`adopt`, in place."""
        del self.reducer, self.with_cp
        for layer in self.layers:
            layer.release()
        self.__class__ = VisionTransformer
        return self

    def train(self, mode: bool = True) -> 'PrunedViT':
        """Switch the mode and return the tower, as torch's modules do."""
        super().train(mode)  # returns None in mmengine's BaseBackbone
        return self

    def forward(
        self, x: Tensor, hints: Optional[Hints] = None, reduce: bool = True
    ) -> Tuple[Tensor, ...]:
        """Encode images.

        Args:
            x (Tensor): Images, shape ``(B, 3, H, W)``, both sides divisible
                by the patch size.
            hints (Hints, optional): As in :meth:`states`. Defaults to None.
            reduce (bool): As in :meth:`states`. Defaults to True.

        Returns:
            tuple[Tensor]: One output for each layer in ``out_indices``, in
            the order of the layers. By ``out_type``: ``raw`` all tokens that
            are left, ``(B, M, C)``; ``cls_token`` ``(B, C)``; ``featmap`` the
            map restored from provenance, ``(B, C, h, w)``; ``avg_featmap``
            the mean of the patches weighted by token size, ``(B, C)``.
        """
        states = self.states(x, hints, reduce, self.out_indices)
        # Each layer once, and none past the last one, as in the parent.
        return tuple(map(self._format_state, states.values()))

    def encode(
        self,
        x: Tensor,
        hints: Optional[Hints] = None,
        reduce: bool = True,
        follow: Optional[Sequence[TakenPlan]] = None,
    ) -> TokenState:
        """Encode images and keep what each token stands for.

        Args:
            x (Tensor): Images, shape ``(B, 3, H, W)``.
            hints (Hints, optional): As in :meth:`states`. Defaults to None.
            reduce (bool): As in :meth:`states`. Defaults to True.
            follow (Sequence[TakenPlan], optional): As in :meth:`states`.
                Defaults to None.

        Returns:
            TokenState: After the last layer and the final norm.
        """
        last = self.num_layers - 1
        return self.states(x, hints, reduce, (last,), follow)[last]

    def states(
        self,
        x: Tensor,
        hints: Optional[Hints] = None,
        reduce: bool = True,
        at: Optional[Collection[int]] = None,
        follow: Optional[Sequence[TakenPlan]] = None,
    ) -> Dict[int, TokenState]:
        """Encode images and return the tokens after several layers.

        Args:
            x (Tensor): Images, shape ``(B, 3, H, W)``.
            hints (Hints, optional): What the reducer may be told from
                outside. Signals that it needs, such as the keys of random
                choices, are computed here if they are missing. Defaults to
                None.
            reduce (bool): False switches the reducer off for this call.
                Defaults to True.
            at (Collection[int], optional): Indices of layers. Defaults to
                None, all layers.
            follow (Sequence[TakenPlan], optional): Plans of another tower on
                the same images, which are followed in place of the reducer's
                own, whatever ``reduce`` says. Defaults to None.

        Returns:
            dict[int, TokenState]: Layer index to the state after it; the
            last one is normalised.
        """
        at = range(self.num_layers) if at is None else at
        reducer = self._choose_reducer(reduce, follow)
        state = self.embed(x)
        hints = Hints() if hints is None else hints
        check_hints(hints, state, self.embed_dims)
        if reducer is not None and reducer.needs:
            hints = complete_hints(hints, reducer.needs, x, self)
        found = {}
        for index, layer in enumerate(self.layers):
            view = LayerView(
                index,
                state,
                hints,
                look_ahead=partial(self.look_ahead, index),
                num_layers=self.num_layers,
            )
            state = run_layer(layer, view, reducer, self.with_cp)
            if index == self.num_layers - 1 and self.final_norm:
                state = state.with_tokens(self.ln1(state.tokens))
            if index in at:
                found[index] = state
        return found

    def embed(self, x: Tensor) -> TokenState:
        """Turn images into the first tokens, shape ``(B, N, C)``."""
        tokens, grid = self.patch_embed(x)
        if self.cls_token is not None:
            cls_token = self.cls_token.expand(len(tokens), -1, -1)
            tokens = torch.cat([cls_token, tokens], dim=1)
        tokens = tokens + resize_pos_embed(
            self.pos_embed,
            self.patch_resolution,
            grid,
            mode=self.interpolate_mode,
            num_extra_tokens=self.num_extra_tokens,
        )
        if self.num_registers:
            num_cls = self.num_extra_tokens
            registers = self.registers.expand(len(tokens), -1, -1)
            tokens = torch.cat(
                [tokens[:, :num_cls], registers, tokens[:, num_cls:]], dim=1
            )
        tokens = self.pre_norm(self.drop_after_pos(tokens))
        return TokenState.start(
            tokens,
            grid,
            self.num_extra_tokens + self.num_registers,
            self.num_registers,
        )

    def look_ahead(self, index: int, probe: Tensor, depth: int) -> Tensor:
        """Score tokens by the attention that they will get a few layers on.

        Args:
            index (int): First layer of the look-ahead.
            probe (Tensor): Copy of the tokens, shape ``(B, n, C)``.
            depth (int): Number of layers.

        Returns:
            Tensor: Attention of the first token in the last of these layers,
            no gradient, shape ``(B, n)``.
        """
        return look_ahead(self.layers, index, probe, depth)

    def set_pruning_strength(self, strength: float) -> None:
        """Ease the reduction: 0 keeps all tokens, 1 is as configured."""
        self.reducer.set_strength(strength)

    def get_layer_depth(
        self, param_name: str, prefix: str = ''
    ) -> Tuple[int, int]:
        """Depth of a parameter for layer-wise learning rates.

        As in the parent, but for ``pre_norm`` and the registers: they come
        before the first layer and have depth 0, where the parent gives all
        that it does not know, ``pre_norm`` among them, the rate of the last.
        A class that is no ``PrunedViT`` may borrow this method, as that of
        the parent.

        Args:
            param_name (str): Name of the parameter.
            prefix (str): Prefix of the backbone. Defaults to ''.

        Returns:
            tuple[int, int]: Its depth and the number of depths.
        """
        if param_name.startswith((f'{prefix}pre_norm', f'{prefix}registers')):
            return 0, self.num_layers + 2
        # Not super(), which refuses a borrower.
        return VisionTransformer.get_layer_depth(self, param_name, prefix)

    def _choose_reducer(
        self, reduce: bool, follow: Optional[Sequence[TakenPlan]]
    ) -> Union[TokenReducer, PlanFollower, None]:
        if follow is not None:
            return PlanFollower(follow, self.reducer.weigh_by_size)
        return self.reducer if reduce else None

    def _format_state(self, state: TokenState) -> Tensor:
        if self.out_type == 'featmap':
            return state.dense()
        if self.out_type == 'avg_featmap':
            return self.ln2(state.mean())
        return self._format_output(state.tokens, state.grid)
