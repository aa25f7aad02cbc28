# Copyright (c) elip_mm contributors. All rights reserved.
import math
from typing import Union


def base_count(
    rule: Union[str, int], num_patches: int, num_prefix: int
) -> int:
    """Number of tokens that a ratio refers to.

    Args:
        rule (str | int): ``'patches'`` (ALBEF and BLIP), ``'tokens'`` (CLIP:
            the prefix is counted too), or the number itself.
        num_patches (int): Patches of the image.
        num_prefix (int): Leading tokens that are not patches.

    Returns:
        int: The base count.

    Source: the released code of ELIP, see docs/en/concepts/method.md.
    """
    if rule == 'patches':
        return num_patches
    if rule == 'tokens':
        # A tower without class token follows the rule of those that have one.
        return num_patches + max(num_prefix, 1)
    return int(rule)


def ratio_to_count(ratio: float, base: int) -> int:
    """Turn a ratio to a base count into a count of tokens.

    Args:
        ratio (float): In (0, 1].
        base (int): What the ratio refers to.

    Returns:
        int: The count, at least 1.
    """
    # Truncate, as the released code does (EViT rounds up); the epsilon keeps
    # 0.29 * 100 at 29. One token more would already miss the parity data.
    return max(1, math.floor(base * ratio + 1e-9))


def round_ratio_up(ratio: float, total: int) -> int:
    """EViT's count: a ratio of the tokens that are there, rounded up.

    The product is rounded up as it is, as in the released code, so what
    floats add counts too: 0.55 of 100 tokens, 55.00000000000001, are 56.

    Args:
        ratio (float): In (0, 1].
        total (int): Patch tokens that are there.

    Returns:
        int: The count, at least 1 if there are any.

    Source: EViT, https://arxiv.org/abs/2202.07800, and its released code.
    """
    return math.ceil(ratio * total)


def ease_count(total: int, num_keep: int, strength: float) -> int:
    """Move a count from "keep all" to its goal.

    Args:
        total (int): Tokens that are there.
        num_keep (int): Tokens to keep at full strength.
        strength (float): 0 keeps all, 1 keeps ``num_keep``.

    Returns:
        int: Tokens to keep at this strength.
    """
    return total - round(strength * (total - min(num_keep, total)))
