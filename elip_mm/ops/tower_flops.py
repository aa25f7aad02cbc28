# Copyright (c) elip_mm contributors. All rights reserved.
"""What a vision tower with ELIP computes, as formulas.

Norms, softmax and the movement of tokens are not counted anywhere in here.
"""

from dataclasses import dataclass
from typing import Optional, Sequence, Tuple


@dataclass(frozen=True)
class TowerShape:
    """All sizes of a vision tower that its cost depends on.

    Args:
        num_layers (int): Layers.
        width (int): Width ``C`` of the tokens.
        num_heads (int): Heads of the attention.
        attention_weights (int): Entries of the weight matrices of an
            attention, ``4 * C**2``.
        feed_forward_weights (int): Entries of the weight matrices of a
            feed-forward network, ``8 * C**2`` if it is four times as wide.
        patch_weights (int): Entries of the patch projection,
            ``3 * 16 * 16 * C`` for 16 px.
        num_patches (int): Patches of an image of the configured size.
        num_prefix (int): Class token and registers. Defaults to 1.
    """

    num_layers: int
    width: int
    num_heads: int
    attention_weights: int
    feed_forward_weights: int
    patch_weights: int
    num_patches: int
    num_prefix: int = 1

    @property
    def num_tokens(self) -> int:
        """int: Tokens before any reduction, prefix included."""
        return self.num_prefix + self.num_patches


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


def layer_macs(
    tower: TowerShape, length: int, left: Optional[int] = None
) -> int:
    """Multiply-adds of a layer for one image.

    Args:
        tower (TowerShape): The tower.
        length (int): Tokens that enter, prefix included.
        left (int, optional): Tokens that are left after the attention, if
            the layer is reduced in its middle. Defaults to None, all.

    Returns:
        int: Projections, attention and feed-forward network.
    """
    left = length if left is None else left
    linear = length * tower.attention_weights
    linear += left * tower.feed_forward_weights
    return linear + 2 * length**2 * tower.width


def score_macs(tower: TowerShape, length: int) -> int:
    """Multiply-adds of one row of attention, as the look-ahead needs it.

    The key projection is absorbed into the single query.

    Args:
        tower (TowerShape): The tower.
        length (int): Tokens, prefix included.

    Returns:
        int: Two projections of one token, and its logits:
        ``2 C^2 + N C heads``.
    """
    return 2 * tower.width**2 + length * tower.width * tower.num_heads


def mean_key_macs(tower: TowerShape, length: int) -> int:
    """Multiply-adds of the keys averaged over the heads.

    The projection is averaged, not the keys.

    Args:
        tower (TowerShape): The tower.
        length (int): Tokens, prefix included.

    Returns:
        int: ``N C d`` with ``d`` channels per head.
    """
    return length * tower.width * (tower.width // tower.num_heads)


def group_macs(tower: TowerShape, length: int, merge_tokens: int) -> int:
    """Multiply-adds of grouping the unkept tokens by similarity.

    Args:
        tower (TowerShape): The tower.
        length (int): Tokens, prefix included.
        merge_tokens (int): Groups.

    Returns:
        int: Mean keys and their products with those of the centres; 0 for a
        single group.
    """
    if merge_tokens == 1:
        return 0
    patches = length - tower.num_prefix
    products = patches * merge_tokens * (tower.width // tower.num_heads)
    return mean_key_macs(tower, length) + products


def layer_lengths(
    tower: TowerShape, stages: Sequence[StageSpec], counts: Sequence[int]
) -> Tuple[int, ...]:
    """Tokens that each layer works on, prefix included.

    A stage whose count is not below the tokens that are there does nothing.

    Args:
        tower (TowerShape): The tower.
        stages (Sequence[StageSpec]): Stages, sorted by layer.
        counts (Sequence[int]): Patch tokens that each of them keeps.

    Returns:
        tuple[int]: One length per layer.
    """
    left = {
        stage.layer: count + stage.merge_tokens
        for stage, count in zip(stages, counts)
    }
    tokens, lengths = tower.num_patches, []
    for layer in range(tower.num_layers):
        tokens = min(tokens, left.get(layer, tokens))
        lengths.append(tower.num_prefix + tokens)
    return tuple(lengths)


def training_flops(
    tower: TowerShape,
    stages: Sequence[StageSpec] = (),
    counts: Sequence[int] = (),
) -> int:
    """FLOPs of a forward and a backward pass for one image.

    The look-ahead has no backward pass, and no gradient is computed for
    pixels.

    Args:
        tower (TowerShape): The tower.
        stages (Sequence[StageSpec]): Stages, sorted by layer. Defaults to ().
        counts (Sequence[int]): Patch tokens that each of them keeps.
            Defaults to ().

    Returns:
        int: Two for a multiply-add.
    """
    lengths = layer_lengths(tower, stages, counts)
    macs = 2 * tower.num_patches * tower.patch_weights
    macs += 3 * sum(layer_macs(tower, length) for length in lengths)
    before = (tower.num_tokens, *lengths)
    for stage, count in zip(stages, counts):
        length = before[stage.layer]
        if count >= length - tower.num_prefix:
            continue  # nothing to decide, so no look-ahead
        macs += group_macs(tower, length, stage.merge_tokens)
        # Without a class token the probe has a summary token in its place.
        length += tower.num_prefix == 0
        macs += (stage.look_ahead - 1) * layer_macs(tower, length)
        macs += score_macs(tower, length)
    return 2 * macs
