# Copyright (c) elip_mm contributors. All rights reserved.
from typing import Optional

import torch
from mmengine.model import BaseModule, ModuleList
from torch import Tensor, nn

from elip_mm.models.layers import ReducibleEncoderLayer
from elip_mm.registry import MODELS
from elip_mm.structures import TextFeatures


@MODELS.register_module()
class CLIPTextEncoder(BaseModule):
    """Causal transformer of CLIP, read at the end-of-text token.

    Args:
        vocab_size (int): Size of the vocabulary; the end-of-text token must
            have its highest id. Defaults to 49408.
        context_length (int): Length of a caption in tokens. Defaults to 77.
        embed_dims (int): Width. Defaults to 512.
        num_layers (int): Depth. Defaults to 12.
        num_heads (int): Attention heads. Defaults to 8.
        act_cfg (dict): Activation. Defaults to ``dict(type='GELU')``.
        norm_cfg (dict): Normalisation. Defaults to
            ``dict(type='LN', eps=1e-5)``.

    Source: CLIP, https://arxiv.org/abs/2103.00020.
    """

    def __init__(
        self,
        vocab_size: int = 49408,
        context_length: int = 77,
        embed_dims: int = 512,
        num_layers: int = 12,
        num_heads: int = 8,
        act_cfg: dict = dict(type='GELU'),
        norm_cfg: dict = dict(type='LN', eps=1e-5),
        init_cfg: Optional[dict] = None,
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        self.vocab_size = vocab_size
        self.context_length = context_length
        self.embed_dims = embed_dims
        self.token_embedding = nn.Embedding(vocab_size, embed_dims)
        self.pos_embed = nn.Parameter(
            torch.zeros(1, context_length, embed_dims)
        )
        self.layers = ModuleList(
            [
                ReducibleEncoderLayer(
                    embed_dims,
                    num_heads,
                    4 * embed_dims,
                    act_cfg=act_cfg,
                    norm_cfg=norm_cfg,
                    causal=True,
                )
                for _ in range(num_layers)
            ]
        )
        self.ln_final = nn.LayerNorm(embed_dims, eps=norm_cfg.get('eps', 1e-5))

    def init_weights(self) -> None:
        """Initialise as CLIP does: widths and depth set the deviations."""
        if self.is_init:
            return
        super().init_weights()
        width, depth = self.embed_dims, len(self.layers)
        nn.init.normal_(self.token_embedding.weight, std=0.02)
        nn.init.normal_(self.pos_embed, std=0.01)
        for layer in self.layers:
            into, out_of = layer.ffn.layers[0][0], layer.ffn.layers[1]
            nn.init.normal_(layer.attn.qkv.weight, std=width**-0.5)
            nn.init.normal_(into.weight, std=(2 * width) ** -0.5)
            for linear in (layer.attn.proj, out_of):
                nn.init.normal_(
                    linear.weight, std=width**-0.5 * (2 * depth) ** -0.5
                )
            nn.init.zeros_(layer.attn.qkv.bias)
            nn.init.zeros_(layer.attn.proj.bias)

    def forward(self, ids: Tensor) -> TextFeatures:
        """Encode captions.

        Args:
            ids (Tensor): Token ids, int64, shape ``(B, L)`` with ``L`` at
                most ``context_length``.

        Returns:
            TextFeatures: Normalised states and the end-of-text one.
        """
        tokens = self.token_embedding(ids) + self.pos_embed[:, : ids.shape[1]]
        for layer in self.layers:
            tokens, _ = layer(tokens)
        tokens = self.ln_final(tokens)
        end = ids.argmax(dim=-1)
        rows = torch.arange(len(ids), device=ids.device)
        return TextFeatures(tokens=tokens, pooled=tokens[rows, end])
