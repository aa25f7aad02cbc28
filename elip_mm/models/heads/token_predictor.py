# Copyright (c) elip_mm contributors. All rights reserved.
from typing import Optional

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor, nn

from elip_mm.registry import MODELS


@MODELS.register_module()
class TokenPredictor(BaseModule):
    """Head of BERT over the vocabulary, tied to the word embeddings.

    The embeddings are an argument of each call: they stay the parameter of
    the text encoder alone, and no optimizer or checkpoint meets them twice.

    Args:
        embed_dims (int): Width ``C``.
        vocab_size (int): Size ``V`` of the vocabulary.
        eps (float): Of the norm. Defaults to 1e-12.
        added_tokens (int): Last tokens of the vocabulary that weights of BERT
            may lack; their bias then stays as it is. Defaults to 0.
        init_cfg (dict, optional): Initialisation; weights of BERT have the
            prefix ``cls.predictions.``. Defaults to None.

    Source: BERT, https://arxiv.org/abs/1810.04805.
    """

    def __init__(
        self,
        embed_dims: int,
        vocab_size: int,
        eps: float = 1e-12,
        added_tokens: int = 0,
        init_cfg: Optional[dict] = None,
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        self.added_tokens = added_tokens
        dense = nn.Linear(embed_dims, embed_dims)
        self.transform = nn.ModuleDict(
            dict(
                dense=dense,
                LayerNorm=nn.LayerNorm(embed_dims, eps=eps),
            )
        )
        self.bias = nn.Parameter(torch.zeros(vocab_size))
        nn.init.normal_(dense.weight, std=0.02)
        nn.init.zeros_(dense.bias)

    def forward(self, states: Tensor, vocabulary: Tensor) -> Tensor:
        """Score all tokens of the vocabulary.

        Args:
            states (Tensor): Shape ``(N, C)``.
            vocabulary (Tensor): Word embeddings, shape ``(V, C)``.

        Returns:
            Tensor: Logits, shape ``(N, V)``.
        """
        states = F.gelu(self.transform['dense'](states))
        states = self.transform['LayerNorm'](states)
        return F.linear(states, vocabulary, self.bias)

    def _load_from_state_dict(self, state_dict, prefix, *args) -> None:
        # As old releases of BERT call the weights of the norm.
        for old, new in (('gamma', 'weight'), ('beta', 'bias')):
            key = f'{prefix}transform.LayerNorm.{old}'
            if key in state_dict:
                state_dict[f'{key[: -len(old)]}{new}'] = state_dict.pop(key)
        key, known = f'{prefix}bias', len(self.bias) - self.added_tokens
        if self.added_tokens and len(state_dict.get(key, ())) == known:
            own = self.bias[known:].detach().to(state_dict[key])
            state_dict[key] = torch.cat([state_dict[key], own])
        super()._load_from_state_dict(state_dict, prefix, *args)
