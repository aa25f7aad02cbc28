# Copyright (c) elip_mm contributors. All rights reserved.
from typing import Optional

import torch
from mmengine.model import BaseModule
from torch import Tensor, nn

from elip_mm.registry import MODELS

from .joint_projection import JointProjection


@MODELS.register_module()
class AttentionPooling(BaseModule):
    """A learned query reads all tokens; then norm and feed-forward network.

    The head of SigLIP's image towers, which have no class token.

    Args:
        in_channels (int): Width ``C`` of the tower.
        out_channels (int, optional): Width ``E`` of the joint space. Defaults
            to None, no projection and ``E = C``, as in SigLIP.
        num_heads (int): Attention heads. Defaults to 12.
        feedforward_channels (int, optional): Defaults to None, four times
            the width.
        eps (float): Of the norm. Defaults to 1e-6.

    Source: SigLIP, https://arxiv.org/abs/2303.15343; Set Transformer,
    https://arxiv.org/abs/1810.00825.
    """

    # Told apart by the pre-trainer: this neck wants all tokens.
    pools = True

    def __init__(
        self,
        in_channels: int,
        out_channels: Optional[int] = None,
        num_heads: int = 12,
        feedforward_channels: Optional[int] = None,
        eps: float = 1e-6,
        init_cfg: Optional[dict] = None,
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        hidden = feedforward_channels or 4 * in_channels
        self.in_channels = in_channels
        self.out_channels = out_channels or in_channels
        self.query = nn.Parameter(torch.empty(1, 1, in_channels))
        self.attn = nn.MultiheadAttention(
            in_channels, num_heads, batch_first=True
        )
        self.norm = nn.LayerNorm(in_channels, eps=eps)
        self.ffn = nn.Sequential(
            nn.Linear(in_channels, hidden),
            nn.GELU(approximate='tanh'),
            nn.Linear(hidden, in_channels),
        )
        self.proj = (
            None
            if out_channels is None
            else JointProjection(in_channels, out_channels)
        )
        nn.init.normal_(self.query, std=in_channels**-0.5)

    def forward(self, features: Tensor, transposed: bool = False) -> Tensor:
        """Pool tokens, or bring joint features back to tower width.

        Args:
            features (Tensor): Tokens, shape ``(B, N, C)``, or joint features
                ``(B, E)`` if transposed.
            transposed (bool): Use the transposed projection alone: neither
                norm nor network can be undone. Defaults to False.

        Returns:
            Tensor: Shape ``(B, E)``, or ``(B, C)`` if transposed.
        """
        if transposed:
            if self.proj is None:
                return features
            return self.proj(features, transposed=True)
        query = self.query.expand(len(features), -1, -1)
        pooled = self.attn(query, features, features, need_weights=False)[0]
        pooled = pooled + self.ffn(self.norm(pooled))
        pooled = pooled.squeeze(1)
        return pooled if self.proj is None else self.proj(pooled)
