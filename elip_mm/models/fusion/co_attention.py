# Copyright (c) elip_mm contributors. All rights reserved.
from functools import partial
from typing import Optional

import torch
from mmengine.model import BaseModule, ModuleList
from mmpretrain.models.multimodal.blip.language_model import (
    BertLayer,
    BertPooler,
)
from torch import Tensor, nn

from elip_mm.registry import MODELS
from elip_mm.structures import FusedFeatures, TextFeatures, TokenState


@MODELS.register_module()
class CoAttentionFusion(BaseModule):
    """Pairs of layers in which text and image read each other.

    Both streams are brought to one width and told apart by a learned type.
    In each pair, either layer runs self-attention, cross-attention to what
    the *other* stream was before the pair, and a feed-forward network. The
    layers are mmpretrain's ``BertLayer``, so are their weight names.

    Args:
        text_dims (int): Width of the text encoder. Defaults to 768.
        image_dims (int): Width of the vision backbone. Defaults to 768.
        embed_dims (int): Width of the fusion, ``C``. Defaults to 768.
        num_layers (int): Pairs of layers. Defaults to 6.
        num_heads (int): Attention heads. Defaults to 12.
        feedforward_channels (int, optional): Defaults to None, four times
            the width.
        drop_rate (float): Dropout of states and of attention. Defaults to
            0.1.
        init_std (float): Deviation of random weights. Defaults to 0.02, that
            of BERT, which suits a width of 768; a narrow fusion learns sooner
            with more, such as ``0.02 * (768 / embed_dims) ** 0.5``.

    Source: METER, https://arxiv.org/abs/2111.02387.
    """

    def __init__(
        self,
        text_dims: int = 768,
        image_dims: int = 768,
        embed_dims: int = 768,
        num_layers: int = 6,
        num_heads: int = 12,
        feedforward_channels: Optional[int] = None,
        drop_rate: float = 0.1,
        init_std: float = 0.02,
        init_cfg: Optional[dict] = None,
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        self.init_std = init_std
        config = _layer_config(
            embed_dims,
            num_heads,
            feedforward_channels or 4 * embed_dims,
            drop_rate,
        )
        self.text_dims, self.image_dims = text_dims, image_dims
        self.embed_dims = embed_dims
        self.text_transform = nn.Linear(text_dims, embed_dims)
        self.image_transform = nn.Linear(image_dims, embed_dims)
        self.token_type_embeddings = nn.Embedding(2, embed_dims)
        self.text_layers = _layers(config, num_layers)
        self.image_layers = _layers(config, num_layers)
        self.text_pooler = BertPooler(config)
        self.image_pooler = BertPooler(config)

    def init_weights(self) -> None:
        """Initialise as BERT does."""
        if self.is_init:
            return
        super().init_weights()
        self.apply(partial(init_bert, std=self.init_std))

    def forward(self, text: TextFeatures, vision: TokenState) -> FusedFeatures:
        """Fuse row i of the texts with row i of the images.

        Args:
            text (TextFeatures): ``B`` captions.
            vision (TokenState): ``B`` images, maybe reduced.

        Returns:
            FusedFeatures: Both streams and what is pooled from them.
        """
        words = self.text_transform(text.tokens)
        patches = self.image_transform(vision.tokens)
        words = words + self.token_type_embeddings.weight[0]
        patches = patches + self.token_type_embeddings.weight[1]
        hidden = _added_mask(text.mask, words)
        for text_layer, image_layer in zip(
            self.text_layers, self.image_layers
        ):
            words, patches = (
                _run(text_layer, words, hidden, patches, None),
                _run(image_layer, patches, None, words, hidden),
            )
        joint = [self.text_pooler(words), self.image_pooler(patches)]
        return FusedFeatures(words, patches, torch.cat(joint, dim=-1))


def init_bert(module: nn.Module, std: float) -> None:
    """Initialise one module as BERT does.

    Args:
        module (nn.Module): Linear layers and embeddings get a normal
            distribution, norms become the identity.
        std (float): Deviation of that distribution.
    """
    if isinstance(module, (nn.Linear, nn.Embedding)):
        nn.init.normal_(module.weight, std=std)
    elif isinstance(module, nn.LayerNorm):
        nn.init.ones_(module.weight)
    bias = getattr(module, 'bias', None)
    if isinstance(bias, Tensor):
        nn.init.zeros_(bias)


def _layer_config(
    embed_dims: int, num_heads: int, channels: int, drop_rate: float
):
    from transformers import BertConfig

    return BertConfig(
        hidden_size=embed_dims,
        num_attention_heads=num_heads,
        intermediate_size=channels,
        hidden_dropout_prob=drop_rate,
        attention_probs_dropout_prob=drop_rate,
        add_cross_attention=True,
        encoder_width=embed_dims,
    )


def _layers(config, num_layers: int) -> ModuleList:
    return ModuleList([BertLayer(config, i) for i in range(num_layers)])


def _added_mask(mask: Optional[Tensor], like: Tensor) -> Optional[Tensor]:
    """What is added to attention logits so that padding is not seen."""
    if mask is None:
        return None
    lowest = torch.finfo(like.dtype).min
    return ((1 - mask) * lowest).to(like.dtype)[:, None, None, :]


def _run(
    layer: BertLayer,
    own: Tensor,
    own_mask: Optional[Tensor],
    other: Tensor,
    other_mask: Optional[Tensor],
) -> Tensor:
    return layer(
        own,
        own_mask,
        encoder_hidden_states=other,
        encoder_attention_mask=other_mask,
        mode='multimodal',
    )[0]
