# Copyright (c) elip_mm contributors. All rights reserved.
from dataclasses import replace
from functools import partial
from typing import Collection, Dict, Optional, Tuple

import torch
from mmengine.model import ModuleList
from mmpretrain.models.backbones import VisionTransformer
from mmpretrain.models.utils import resize_pos_embed
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from elip_mm.models.layers import ReducibleEncoderLayer
from elip_mm.registry import MODELS, TOKEN_REDUCERS
from elip_mm.structures import LayerView, TokenPlan, TokenState


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
        **kwargs: Keyword arguments of the parent, among them ``arch``,
            ``img_size``, ``patch_size``, ``out_type`` and
            ``with_cls_token``.
    """

    def __init__(
        self,
        *args,
        reducer: Optional[dict] = None,
        with_cp: bool = False,
        **kwargs,
    ) -> None:
        super().__init__(*args, **kwargs)
        # Adopting the layers spares building each of them twice.
        self.layers = ModuleList(
            [ReducibleEncoderLayer.adopt(layer) for layer in self.layers]
        )
        self.with_cp = with_cp
        self.reducer = TOKEN_REDUCERS.build(
            reducer or dict(type='elip_mm.TokenReducer')
        )
        self.reducer.check(self.num_layers, self.embed_dims)

    def train(self, mode: bool = True) -> 'PrunedViT':
        super().train(mode)  # returns None in mmengine's BaseBackbone
        return self

    def forward(
        self, x: Tensor, guidance: Optional[Tensor] = None, reduce: bool = True
    ) -> Tuple[Tensor, ...]:
        """Encode images.

        Args:
            x (Tensor): Images, shape ``(B, 3, H, W)``, both sides divisible
                by the patch size.
            guidance (Tensor, optional): Text in vision width, shape
                ``(B, C)``. Defaults to None.
            reduce (bool): False switches the reducer off for this call.
                Defaults to True.

        Returns:
            tuple[Tensor]: One output for each of ``out_indices``. By
            ``out_type``: ``raw`` all tokens that are left, ``(B, M, C)``;
            ``cls_token`` ``(B, C)``; ``featmap`` the map restored from
            provenance, ``(B, C, h, w)``; ``avg_featmap`` the mean of the
            patches weighted by token size, ``(B, C)``.
        """
        states = self.states(x, guidance, reduce, self.out_indices)
        return tuple(self._format_state(states[i]) for i in self.out_indices)

    def encode(
        self, x: Tensor, guidance: Optional[Tensor] = None, reduce: bool = True
    ) -> TokenState:
        """Encode images and keep what each token stands for.

        Args:
            x (Tensor): Images, shape ``(B, 3, H, W)``.
            guidance (Tensor, optional): Shape ``(B, C)``. Defaults to None.
            reduce (bool): False switches the reducer off. Defaults to True.

        Returns:
            TokenState: After the last layer and the final norm.
        """
        last = self.num_layers - 1
        return self.states(x, guidance, reduce, (last,))[last]

    def states(
        self,
        x: Tensor,
        guidance: Optional[Tensor] = None,
        reduce: bool = True,
        at: Optional[Collection[int]] = None,
    ) -> Dict[int, TokenState]:
        """Encode images and return the tokens after several layers.

        Args:
            x (Tensor): Images, shape ``(B, 3, H, W)``.
            guidance (Tensor, optional): Shape ``(B, C)``. Defaults to None.
            reduce (bool): False switches the reducer off. Defaults to True.
            at (Collection[int], optional): Indices of layers. Defaults to
                None, all layers.

        Returns:
            dict[int, TokenState]: Layer index to the state after it; the
            last one is normalised.
        """
        self._check_guidance(guidance, len(x))
        at = range(self.num_layers) if at is None else at
        state = self.embed(x)
        found = {}
        for index, layer in enumerate(self.layers):
            state = self._run_layer(index, layer, state, guidance, reduce)
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
        tokens = self.pre_norm(self.drop_after_pos(tokens))
        return TokenState.start(tokens, grid, self.num_extra_tokens)

    @torch.no_grad()
    def look_ahead(self, index: int, probe: Tensor, depth: int) -> Tensor:
        """Send a copy of the tokens through the next layers to score them.

        Args:
            index (int): First layer of the look-ahead.
            probe (Tensor): Copy of the tokens, shape ``(B, n, C)``.
            depth (int): Number of layers; only the attention of the last
                one is computed.

        Returns:
            Tensor: Attention of the first token, shape ``(B, n)``.
        """
        for ahead in range(index, index + depth - 1):
            probe, _ = self.layers[ahead](probe, look_ahead=True)
        return self.layers[index + depth - 1](probe, score_only=True)

    def set_pruning_strength(self, strength: float) -> None:
        """Ease the reduction: 0 keeps all tokens, 1 is as configured."""
        self.reducer.set_strength(strength)

    def get_layer_depth(
        self, param_name: str, prefix: str = ''
    ) -> Tuple[int, int]:
        """Depth of a parameter for layer-wise learning rates.

        Args:
            param_name (str): Name of the parameter.
            prefix (str): Prefix of the backbone. Defaults to ''.

        Returns:
            tuple[int, int]: Its depth and the number of depths.
        """
        if param_name.startswith(f'{prefix}pre_norm'):
            # The parent takes the norm after the embedding for the last one.
            return 0, self.num_layers + 2
        return super().get_layer_depth(param_name, prefix)

    def _run_layer(
        self,
        index: int,
        layer: ReducibleEncoderLayer,
        state: TokenState,
        guidance: Optional[Tensor],
        reduce: bool,
    ) -> TokenState:
        """One layer with the two moments at which a strategy may decide."""
        if not reduce:
            tokens, _ = self._call(layer, state.tokens, None, None)
            return state.with_tokens(tokens)
        view = LayerView(
            index, state, guidance, partial(self.look_ahead, index)
        )
        state = state.apply(self.reducer.before_layer(view))
        view = replace(view, state=state)

        def decide(tokens: Tensor, trace) -> Optional[TokenPlan]:
            return self.reducer.after_attention(
                replace(view, state=state.with_tokens(tokens), trace=trace)
            )

        bias = state.attention_bias(self.reducer.weigh_by_size)
        tokens, plan = self._call(layer, state.tokens, bias, decide)
        return state.recount(plan).with_tokens(tokens)

    def _call(self, layer: ReducibleEncoderLayer, *args):
        if self.with_cp and torch.is_grad_enabled():
            return checkpoint(layer, *args, use_reentrant=False)
        return layer(*args)

    def _format_state(self, state: TokenState) -> Tensor:
        if self.out_type == 'featmap':
            return state.dense()
        if self.out_type == 'avg_featmap':
            return self.ln2(state.mean())
        return self._format_output(state.tokens, state.grid)

    def _check_guidance(self, guidance: Optional[Tensor], batch: int) -> None:
        if guidance is None:
            return
        expected = (batch, self.embed_dims)
        if tuple(guidance.shape) != expected:
            raise ValueError(
                f'PrunedViT expects guidance of shape {expected}, but got '
                f'{tuple(guidance.shape)}; does the config lack a `guidance` '
                'module after the text encoder?'
            )
