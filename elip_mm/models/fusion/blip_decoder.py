# Copyright (c) elip_mm contributors. All rights reserved.
from typing import Optional

import torch
from mmengine.model import BaseModule, ModuleList
from torch import Tensor, nn

from elip_mm.models.text_encoders import BLIPTextEncoder
from elip_mm.models.text_encoders.bert_class import bert_class
from elip_mm.registry import MODELS

# Added to the logits of what may not be attended to, as in BERT. Finite, so
# that a row of nothing but padding stays a number.
_HIDDEN = -10000.0


@MODELS.register_module()
class BLIPTextDecoder(BaseModule):
    """Causal reader that shares all but self-attention with an encoder.

    Only the self-attention (its output projection and norm included) is its
    own. Embeddings, cross-attention and feed-forward layers are the
    encoder's, lent at each call: they are registered once, so that neither
    optimizer nor checkpoint meets them twice.

    Args:
        encoder (BLIPTextEncoder): Gives the sizes, and is not held.
        init_cfg (dict, optional): Initialisation. Defaults to None.

    Source: BLIP, https://arxiv.org/abs/2201.12086, section 3.2.
    """

    def __init__(
        self, encoder: BLIPTextEncoder, init_cfg: Optional[dict] = None
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        attention = bert_class('BertAttention')
        self.attention = ModuleList(
            [attention(encoder.bert.config) for _ in range(encoder.num_layers)]
        )
        std = encoder.bert.config.initializer_range
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.normal_(module.weight, std=std)
                nn.init.zeros_(module.bias)

    @torch.no_grad()
    def copy_from(self, encoder: BLIPTextEncoder) -> None:
        """Start from the encoder's self-attention, as both come from BERT.

        Args:
            encoder (BLIPTextEncoder): With pre-trained weights.
        """
        for own, layer in zip(self.attention, encoder.bert.encoder.layer):
            own.load_state_dict(layer.attention.state_dict())

    def forward(
        self, encoder: BLIPTextEncoder, ids: Tensor, memory: Tensor
    ) -> Tensor:
        """Read a text from left to right while looking at an image.

        Args:
            encoder (BLIPTextEncoder): Lends all that is shared.
            ids (Tensor): Token ids, shape ``(B, L)``.
            memory (Tensor): Image tokens, shape ``(B, M, C_vision)``.

        Returns:
            Tensor: States, each made from the tokens up to its own, shape
            ``(B, L, C)``.
        """
        bert = encoder.bert
        states = bert.embeddings(input_ids=ids)
        bias = _causal_bias(encoder.mask(ids), states.dtype)
        for own, layer in zip(self.attention, bert.encoder.layer):
            states = own(states, bias)[0]
            states = layer.crossattention(
                states, encoder_hidden_states=memory
            )[0]
            states = layer.feed_forward_chunk(states)
        return states


def _causal_bias(mask: Tensor, dtype: torch.dtype) -> Tensor:
    """Hide what comes later, and padding; shape ``(B, 1, L, L)``."""
    length = mask.shape[1]
    seen = torch.ones(length, length, dtype=dtype, device=mask.device).tril()
    seen = seen * mask[:, None, None, :].to(dtype)
    return (1 - seen) * _HIDDEN
