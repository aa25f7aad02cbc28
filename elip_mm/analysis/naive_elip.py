# Copyright (c) elip_mm contributors. All rights reserved.
from typing import Any, Optional, Sequence, Tuple

import torch
from torch import Tensor

from elip_mm.models.backbones import PrunedViT
from elip_mm.structures import Hints, TakenPlan, TokenState


class NaiveELIPViT(PrunedViT):
    """ELIP the way research code tends to do it: a baseline, not a tool.

    The numbers that come out are those of :class:`ELIPReducer`, but on the
    way the attention matrix is materialised in every layer, the last layer
    of a look-ahead runs completely, and tokens are gathered and merged sample
    by sample.
    """

    def encode(
        self,
        x: Tensor,
        hints: Optional[Hints] = None,
        reduce: bool = True,
        follow: Optional[Sequence[TakenPlan]] = None,
    ) -> TokenState:
        """Encode images; the patch-to-token map is not kept up to date.

        Args:
            x (Tensor): Images, shape ``(B, 3, H, W)``.
            hints (Hints, optional): Of which the guidance is looked at.
                Defaults to None.
            reduce (bool): As in the parent. Defaults to True.
            follow (Sequence[TakenPlan], optional): Must be None. Defaults to
                None.

        Returns:
            TokenState: After the last layer and the final norm.
        """
        if follow is not None:
            raise ValueError(
                'NaiveELIPViT makes no plans and follows none; leave follow '
                'out, or use a PrunedViT.'
            )
        guidance = hints.guidance if hints else None
        state = self.embed(x)
        tokens = state.tokens
        stages = {
            stage.layer: i for i, stage in enumerate(self.reducer.stages)
        }
        for index, layer in enumerate(self.layers):
            if reduce and guidance is not None and index in stages:
                stage = stages[index]
                num_keep = self.reducer.num_keep(
                    stage, state.num_patches, state.num_prefix
                )
                depth = self.reducer.stages[stage].look_ahead
                scores = self._score(index, depth, tokens, guidance)
                tokens = _merge_by_sample(tokens, scores, num_keep)
            tokens, _ = _run_with_map(layer, tokens)
        return state.with_tokens(self.ln1(tokens))

    @torch.no_grad()
    def _score(
        self, index: int, depth: int, tokens: Tensor, guidance: Tensor
    ) -> Tensor:
        weight = self.reducer.text_weight
        probe = tokens.clone()
        probe[:, 0] = (1 - weight) * probe[:, 0] + weight * guidance
        for layer in self.layers[index : index + depth]:
            probe, attention = _run_with_map(layer, probe)
        return attention.mean(dim=1)[:, 0, 1:]


def _run_with_map(layer: Any, tokens: Tensor) -> Tuple[Tensor, Tensor]:
    """Run a layer through an explicit attention matrix."""
    attn = layer.attn
    batch, length, width = tokens.shape
    qkv = attn.qkv(layer.ln1(tokens))
    qkv = qkv.reshape(batch, length, 3, attn.num_heads, attn.head_dims)
    query, key, value = qkv.permute(2, 0, 3, 1, 4).unbind(0)
    logits = query @ key.transpose(-2, -1) * attn.head_dims**-0.5
    attention = logits.softmax(dim=-1)
    mixed = (attention @ value).transpose(1, 2).reshape(batch, length, width)
    tokens = tokens + attn.proj(mixed)
    return layer.ffn(layer.ln2(tokens), identity=tokens), attention


def _merge_by_sample(tokens: Tensor, scores: Tensor, num_keep: int) -> Tensor:
    """Gather what is kept and merge the rest, one sample after another."""
    order = scores.argsort(dim=1, descending=True)
    shortened = []
    for sample, score, rank in zip(tokens, scores, order):
        kept, rest = rank[:num_keep].sort().values, rank[num_keep:]
        weight = score[rest] / (score[rest].sum() + 1e-6)
        merged = (weight.unsqueeze(1) * sample[1:][rest]).sum(0, keepdim=True)
        shortened.append(torch.cat([sample[:1], sample[1:][kept], merged]))
    return torch.stack(shortened)
