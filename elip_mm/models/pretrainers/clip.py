# Copyright (c) elip_mm contributors. All rights reserved.
from typing import Iterator, Optional

from mmpretrain.models.backbones import VisionTransformer
from torch import Tensor, nn

from elip_mm.registry import MODELS

from .base import LanguageImagePretrainer, Pass
from .gradient_caching import check_chunk_size, encode_in_chunks


@MODELS.register_module()
class CLIPPretrainer(LanguageImagePretrainer):
    """Contrastive pre-training of two towers, with ELIP in the image tower.

    Args:
        chunk_size (int, optional): Pairs that the towers process at a time,
            see :func:`encode_in_chunks`. Defaults to None, all at once.
        **kwargs: Those of :class:`LanguageImageModel`. The usual heads are
            ``dict(contrastive=dict(type='elip_mm.ContrastiveHead'))`` and
            the guidance ``dict(type='elip_mm.TiedProjectionGuidance')``.

    Source: CLIP, https://arxiv.org/abs/2103.00020; ELIP,
    https://arxiv.org/abs/2309.16738.
    """

    def __init__(self, chunk_size: Optional[int] = None, **kwargs) -> None:
        super().__init__(**kwargs)
        check_chunk_size(self, chunk_size)
        self.chunk_size = chunk_size

    def passes(self, images: Tensor, ids: Tensor) -> Iterator[Pass]:
        """Encode a batch, in chunks if it is larger than one."""
        size = self.chunk_size
        if size is None or len(images) <= size:
            yield from super().passes(images, ids)
        else:
            pairs = encode_in_chunks(self, images, ids, size)
            yield pairs, self.heads.values()

    def init_parts(self) -> None:
        """Initialise both towers as open_clip does."""
        init_clip_vision(self.vision_backbone)
        # std width^-0.5 for both projections is what their constructor does.


def init_clip_vision(backbone: VisionTransformer) -> None:
    """Initialise a ViT with torch's own defaults, as open_clip leaves it.

    Args:
        backbone (VisionTransformer): mmpretrain's, or a :class:`PrunedViT`.
    """
    std = backbone.embed_dims**-0.5
    if backbone.cls_token is not None:
        nn.init.normal_(backbone.cls_token, std=std)
    nn.init.normal_(backbone.pos_embed, std=std)
    backbone.patch_embed.projection.reset_parameters()
    for layer in backbone.layers:
        for module in layer.ffn.modules():
            if isinstance(module, nn.Linear):
                module.reset_parameters()
        layer.attn.proj.reset_parameters()
        nn.init.xavier_uniform_(layer.attn.qkv.weight)
        for linear in (layer.attn.qkv, layer.attn.proj):
            if linear.bias is not None:
                nn.init.zeros_(linear.bias)
