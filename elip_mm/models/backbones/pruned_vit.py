# Copyright (c) elip_mm contributors. All rights reserved.
from dataclasses import replace
from functools import partial
from typing import Collection, Dict, Optional, Sequence, Tuple, Union

import torch
from mmengine.model import ModuleList
from mmpretrain.models.backbones import VisionTransformer
from mmpretrain.models.backbones.vision_transformer import (
    TransformerEncoderLayer,
)
from mmpretrain.models.utils import resize_pos_embed
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from elip_mm.models.backbones.plan_follower import PlanFollower
from elip_mm.models.layers import ReducibleEncoderLayer, cast_drop_rates
from elip_mm.ops import TowerShape, hash_images
from elip_mm.registry import MODELS, build_reducer
from elip_mm.structures import LayerView, TakenPlan, TokenPlan, TokenState


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
            self.registers = nn.Parameter(
                0.02 * torch.randn(1, num_registers, self.embed_dims)
            )
        # Adopting the layers spares building each of them twice.
        self.layers = ModuleList(
            [ReducibleEncoderLayer.adopt(layer) for layer in self.layers]
        )
        self.with_cp = with_cp
        self.reducer = build_reducer(
            reducer or dict(type='elip_mm.TokenReducer')
        )
        self.reducer.check(self.num_layers, self.embed_dims)
        self.reducer.fit(*_sizes_of(self))

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
        reducer = build_reducer(reducer)
        reducer.check(vit.num_layers, vit.embed_dims)
        vit.__class__ = cls
        for layer in vit.layers:
            layer.__class__ = ReducibleEncoderLayer
            layer.causal = False
            cast_drop_rates(layer)
        vit.with_cp = with_cp
        vit.reducer = reducer.train(vit.training)
        reducer.fit(*_sizes_of(vit))
        return vit

    def release(self) -> VisionTransformer:
        """Undo :meth:`adopt`, in place."""
        del self.reducer, self.with_cp
        for layer in self.layers:
            del layer.causal
            layer.__class__ = TransformerEncoderLayer
        self.__class__ = VisionTransformer
        return self

    def train(self, mode: bool = True) -> 'PrunedViT':
        """Switch the mode and return the tower, as torch's modules do."""
        super().train(mode)  # returns None in mmengine's BaseBackbone
        return self

    def forward(
        self,
        x: Tensor,
        guidance: Optional[Tensor] = None,
        reduce: bool = True,
        scores: Optional[Tensor] = None,
        sample_keys: Optional[Tensor] = None,
    ) -> Tuple[Tensor, ...]:
        """Encode images.

        Args:
            x (Tensor): Images, shape ``(B, 3, H, W)``, both sides divisible
                by the patch size.
            guidance (Tensor, optional): Text in vision width, shape
                ``(B, C)``. Defaults to None.
            reduce (bool): False switches the reducer off for this call.
                Defaults to True.
            scores (Tensor, optional): Importance of every patch from
                somewhere else, shape ``(B, P)``. Defaults to None.
            sample_keys (Tensor, optional): What random choices follow from,
                one number an image, int64, shape ``(B,)``. Defaults to None,
                a hash of the pixels.

        Returns:
            tuple[Tensor]: One output for each of ``out_indices``. By
            ``out_type``: ``raw`` all tokens that are left, ``(B, M, C)``;
            ``cls_token`` ``(B, C)``; ``featmap`` the map restored from
            provenance, ``(B, C, h, w)``; ``avg_featmap`` the mean of the
            patches weighted by token size, ``(B, C)``.
        """
        states = self.states(
            x, guidance, reduce, self.out_indices, scores, sample_keys
        )
        return tuple(self._format_state(states[i]) for i in self.out_indices)

    def encode(
        self,
        x: Tensor,
        guidance: Optional[Tensor] = None,
        reduce: bool = True,
        scores: Optional[Tensor] = None,
        sample_keys: Optional[Tensor] = None,
        follow: Optional[Sequence[TakenPlan]] = None,
    ) -> TokenState:
        """Encode images and keep what each token stands for.

        Args:
            x (Tensor): Images, shape ``(B, 3, H, W)``.
            guidance (Tensor, optional): Shape ``(B, C)``. Defaults to None.
            reduce (bool): False switches the reducer off. Defaults to True.
            scores (Tensor, optional): As in :meth:`forward`.
            sample_keys (Tensor, optional): As in :meth:`forward`.
            follow (Sequence[TakenPlan], optional): Plans of another tower on
                the same images, which are followed in place of the reducer's
                own, whatever ``reduce`` says. Defaults to None.

        Returns:
            TokenState: After the last layer and the final norm.
        """
        last = self.num_layers - 1
        return self.states(
            x, guidance, reduce, (last,), scores, sample_keys, follow
        )[last]

    def states(
        self,
        x: Tensor,
        guidance: Optional[Tensor] = None,
        reduce: bool = True,
        at: Optional[Collection[int]] = None,
        scores: Optional[Tensor] = None,
        sample_keys: Optional[Tensor] = None,
        follow: Optional[Sequence[TakenPlan]] = None,
    ) -> Dict[int, TokenState]:
        """Encode images and return the tokens after several layers.

        Args:
            x (Tensor): Images, shape ``(B, 3, H, W)``.
            guidance (Tensor, optional): Shape ``(B, C)``. Defaults to None.
            reduce (bool): False switches the reducer off. Defaults to True.
            at (Collection[int], optional): Indices of layers. Defaults to
                None, all layers.
            scores (Tensor, optional): As in :meth:`forward`.
            sample_keys (Tensor, optional): As in :meth:`forward`.
            follow (Sequence[TakenPlan], optional): As in :meth:`encode`.

        Returns:
            dict[int, TokenState]: Layer index to the state after it; the
            last one is normalised.
        """
        self._check_guidance(guidance, len(x))
        at = range(self.num_layers) if at is None else at
        state = self.embed(x)
        self._check_scores(scores, state)
        reducer = self.reducer if reduce else None
        if follow is not None:
            reducer = PlanFollower(follow, self.reducer.weigh_by_size)
        if reducer is not None and reducer.is_random and sample_keys is None:
            sample_keys = hash_images(x)
        view = LayerView(
            0,
            state,
            guidance,
            scores=scores,
            sample_keys=sample_keys,
            num_layers=self.num_layers,
        )
        found = {}
        for index, layer in enumerate(self.layers):
            view = replace(view, index=index, state=state)
            state = self._run_layer(layer, view, reducer)
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
        if param_name.startswith((f'{prefix}pre_norm', f'{prefix}registers')):
            # The parent takes what it does not know for the last layer.
            return 0, self.num_layers + 2
        return super().get_layer_depth(param_name, prefix)

    def _run_layer(
        self,
        layer: ReducibleEncoderLayer,
        view: LayerView,
        reducer: Union[nn.Module, PlanFollower, None],
    ) -> TokenState:
        """One layer with the two moments at which a strategy may decide."""
        state = view.state
        if reducer is None:
            tokens, _ = self._call(layer, state.tokens, None, None)
            return state.with_tokens(tokens)
        view = replace(
            view,
            look_ahead=partial(self.look_ahead, view.index),
            mean_key=partial(layer, state.tokens, key_only=True),
        )
        plan = reducer.before_layer(view)
        state = state.apply(plan).note(view.index, 'before_layer', plan)
        # After the attention its own trace tells the keys; this one would tell
        # those of the tokens before the plan, and keep them alive.
        view = replace(view, state=state, mean_key=None)

        def decide(tokens: Tensor, trace) -> Optional[TokenPlan]:
            return reducer.after_attention(
                replace(view, state=state.with_tokens(tokens), trace=trace)
            )

        bias = state.attention_bias(reducer.weigh_by_size)
        tokens, plan = self._call(layer, state.tokens, bias, decide)
        # `state` may not be bound anew: with checkpointing, `decide` reads it
        # once more in the backward pass.
        reduced = state.recount(plan).note(view.index, 'after_attention', plan)
        return reduced.with_tokens(tokens)

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

    def _check_scores(
        self, scores: Optional[Tensor], state: TokenState
    ) -> None:
        if scores is None:
            return
        expected = state.owner.shape
        if scores.shape != expected:
            raise ValueError(
                'PrunedViT expects one score a patch, shape '
                f'{tuple(expected)}, but got {tuple(scores.shape)}; leave '
                'the class token out, and score images of the same size.'
            )

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


def _sizes_of(vit: PrunedViT) -> Tuple[TowerShape, int, int]:
    """All that a strategy may have to know to meet a budget."""
    layer = vit.layers[0]
    linears = [m for m in layer.modules() if isinstance(m, nn.Linear)]
    shape = TowerShape(
        num_layers=vit.num_layers,
        width=vit.embed_dims,
        num_heads=layer.attn.num_heads,
        layer_weights=sum(linear.weight.numel() for linear in linears),
        patch_weights=vit.patch_embed.projection.weight.numel(),
    )
    rows, columns = vit.patch_resolution
    return shape, rows * columns, vit.num_extra_tokens + vit.num_registers
