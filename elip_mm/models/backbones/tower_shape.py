# Copyright (c) elip_mm contributors. All rights reserved.
from mmpretrain.models.backbones import VisionTransformer
from torch import nn

from elip_mm.models.reducers.base import TokenReducer
from elip_mm.models.reducers.signals import check_needs
from elip_mm.ops import TowerShape
from elip_mm.registry import build_reducer


def measure_tower(vit: VisionTransformer) -> TowerShape:
    """Read off a tower what a strategy may have to know of it.

    Args:
        vit (VisionTransformer): A plain tower, or a :class:`PrunedViT`.

    Returns:
        TowerShape: Its sizes.
    """
    layer = vit.layers[0]
    rows, columns = vit.patch_resolution
    num_registers = getattr(vit, 'num_registers', 0)
    return TowerShape(
        num_layers=vit.num_layers,
        width=vit.embed_dims,
        num_heads=layer.attn.num_heads,
        attention_weights=_count_weights(layer.attn),
        feed_forward_weights=_count_weights(layer.ffn),
        patch_weights=vit.patch_embed.projection.weight.numel(),
        num_patches=rows * columns,
        num_prefix=vit.num_extra_tokens + num_registers,
    )


def build_reducer_for(vit: VisionTransformer, cfg: dict) -> TokenReducer:
    """Build a strategy and let it learn the sizes of its tower.

    Args:
        vit (VisionTransformer): The tower; it stays as it is.
        cfg (dict): Config of a strategy from ``TOKEN_REDUCERS``.

    Returns:
        TokenReducer: The strategy.
    """
    reducer = build_reducer(cfg)
    check_needs(reducer)
    reducer.setup(measure_tower(vit))
    return reducer


def _count_weights(module: nn.Module) -> int:
    """Entries of the weight matrices of all linear maps in a module."""
    linears = (m for m in module.modules() if isinstance(m, nn.Linear))
    return sum(linear.weight.numel() for linear in linears)
