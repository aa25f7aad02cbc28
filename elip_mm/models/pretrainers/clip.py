# Copyright (c) elip_mm contributors. All rights reserved.
from torch import nn

from elip_mm.models.multimodal.language_image_model import (
    LanguageImagePretrainer,
)
from elip_mm.models.tasks.retrieval import DualEncoderRetrieval
from elip_mm.registry import MODELS

from .gradient_caching import GradientCaching


@MODELS.register_module()
class CLIPPretrainer(
    DualEncoderRetrieval, GradientCaching, LanguageImagePretrainer
):
    """Contrastive pre-training of two towers, with ELIP in the image tower.

    Args:
        chunk_size (int, optional): Pairs that the towers process at a time,
            see :class:`GradientCaching`. Defaults to None, all at once.
        **kwargs: Those of :class:`LanguageImagePretrainer`. The usual heads
            are ``dict(contrastive=dict(type='elip_mm.ContrastiveHead'))`` and
            the guidance ``dict(type='elip_mm.TiedProjectionGuidance')``.

    Source: CLIP, https://arxiv.org/abs/2103.00020; ELIP,
    https://arxiv.org/abs/2309.16738.
    """

    def init_weights(self) -> None:
        """Initialise both towers as open_clip does."""
        if self.is_init:
            return
        super().init_weights()
        init_cfg = self.vision_backbone.init_cfg or {}
        if init_cfg.get('type') != 'Pretrained':
            init_clip_vision(self.vision_backbone)
        # std width^-0.5 for both projections is what their constructor does.


def init_clip_vision(backbone: nn.Module) -> None:
    """Initialise a ViT with torch's own defaults, as open_clip leaves it.

    Args:
        backbone (nn.Module): A ``VisionTransformer`` or :class:`PrunedViT`.
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
