# Copyright (c) elip_mm contributors. All rights reserved.
"""What a vision tower with ELIP computes, as formulas."""

from dataclasses import dataclass
from typing import Sequence, Tuple


@dataclass(frozen=True)
class TowerShape:
    """All sizes that the cost of a vision tower depends on.

    Args:
        num_layers (int): Layers.
        width (int): Width ``C`` of the tokens.
        num_heads (int): Heads of the attention.
        layer_weights (int): Entries of all weight matrices of a layer,
            ``12 * C**2`` with a feed-forward network of four times the width.
        patch_weights (int): Entries of the patch projection,
            ``3 * 16 * 16 * C`` for 16 px.
    """

    num_layers: int
    width: int
    num_heads: int
    layer_weights: int
    patch_weights: int


@dataclass(frozen=True)
class StageSpec:
    """Where and how deep a stage looks before it keeps.

    Args:
        layer (int): The stage is before this layer, from 0.
        look_ahead (int): Depth of its look-ahead in layers.
        merge_tokens (int): Tokens that the unkept ones become. Defaults to 1.
    """

    layer: int
    look_ahead: int
    merge_tokens: int = 1


def layer_macs(shape: TowerShape, length: int) -> int:
    """Multiply-adds of a layer for one image.

    Args:
        shape (TowerShape): The tower.
        length (int): Tokens, prefix included.

    Returns:
        int: Projections, attention and feed-forward network.
    """
    return length * shape.layer_weights + 2 * length**2 * shape.width


def score_macs(shape: TowerShape, length: int) -> int:
    """Multiply-adds of one row of attention, as the look-ahead needs it.

    The key projection is absorbed into the single query.

    Args:
        shape (TowerShape): The tower.
        length (int): Tokens, prefix included.

    Returns:
        int: Two projections of one token, and its logits.
    """
    return 2 * shape.width**2 + length * shape.width * shape.num_heads


def group_macs(
    shape: TowerShape, length: int, num_prefix: int, merge_tokens: int
) -> int:
    """Multiply-adds of grouping the unkept tokens by similarity.

    Args:
        shape (TowerShape): The tower.
        length (int): Tokens, prefix included.
        num_prefix (int): Leading tokens that are not patches.
        merge_tokens (int): Groups.

    Returns:
        int: Mean keys and their products with those of the centres; 0 for a
        single group.
    """
    if merge_tokens == 1:
        return 0
    dims = shape.width // shape.num_heads
    patches = length - num_prefix
    return length * shape.width * dims + patches * dims * merge_tokens


def layer_lengths(
    num_layers: int,
    num_patches: int,
    num_prefix: int,
    moments: Sequence[StageSpec],
    counts: Sequence[int],
) -> Tuple[int, ...]:
    """Tokens that each layer works on, prefix included.

    A stage whose count is not below the tokens that are there does nothing.

    Args:
        num_layers (int): Layers.
        num_patches (int): Patches of the image.
        num_prefix (int): Leading tokens that are not patches.
        moments (Sequence[StageSpec]): Stages, sorted by layer.
        counts (Sequence[int]): Patch tokens that each of them keeps.

    Returns:
        tuple[int]: One length a layer.
    """
    begin = {moment.layer: stage for stage, moment in enumerate(moments)}
    tokens, lengths = num_patches, []
    for layer in range(num_layers):
        if layer in begin:
            stage = begin[layer]
            tokens = min(tokens, counts[stage] + moments[stage].merge_tokens)
        lengths.append(num_prefix + tokens)
    return tuple(lengths)


def training_flops(
    shape: TowerShape,
    num_patches: int,
    num_prefix: int = 1,
    moments: Sequence[StageSpec] = (),
    counts: Sequence[int] = (),
) -> int:
    """FLOPs of a forward and a backward pass for one image.

    The look-ahead has no backward pass, and no gradient is computed for
    pixels. Norms, softmax and the movement of tokens are not counted.

    Args:
        shape (TowerShape): The tower.
        num_patches (int): Patches of the image.
        num_prefix (int): Class token and registers. Defaults to 1.
        moments (Sequence[StageSpec]): Stages, sorted by layer. Defaults to ().
        counts (Sequence[int]): Patch tokens that each of them keeps.
            Defaults to ().

    Returns:
        int: Two for a multiply-add.
    """
    lengths = layer_lengths(
        shape.num_layers, num_patches, num_prefix, moments, counts
    )
    macs = 2 * num_patches * shape.patch_weights
    macs += 3 * sum(layer_macs(shape, length) for length in lengths)
    before = (num_prefix + num_patches, *lengths)
    for moment, count in zip(moments, counts):
        length = before[moment.layer]
        if count >= length - num_prefix:
            continue  # nothing to decide, so no look-ahead
        macs += group_macs(shape, length, num_prefix, moment.merge_tokens)
        # Without a class token the probe has a summary token in its place.
        length += num_prefix == 0
        macs += (moment.look_ahead - 1) * layer_macs(shape, length)
        macs += score_macs(shape, length)
    return 2 * macs
