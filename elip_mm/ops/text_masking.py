# Copyright (c) elip_mm contributors. All rights reserved.
"""Hiding tokens of a text, for masked language modelling."""

from typing import Optional, Sequence, Tuple

import torch
from torch import Tensor

IGNORE_INDEX = -100  # label of a token that nobody has to guess


def maskable(ids: Tensor, spared: Sequence[int]) -> Tensor:
    """Tell which tokens may be hidden.

    Args:
        ids (Tensor): Token ids, int64, shape ``(B, L)``.
        spared (Sequence[int]): Ids that are never hidden, such as padding
            and the start of a text.

    Returns:
        Tensor: Bool, shape ``(B, L)``.
    """
    allowed = torch.ones_like(ids, dtype=torch.bool)
    for number in spared:
        allowed &= ids != number
    return allowed


def choose_tokens(
    allowed: Tensor,
    share: float = 0.15,
    generator: Optional[torch.Generator] = None,
) -> Tensor:
    """Choose each token by itself with the same probability.

    Args:
        allowed (Tensor): Tokens that may be chosen, bool, shape ``(B, L)``.
        share (float): Probability, in [0, 1]. Defaults to 0.15.
        generator (torch.Generator, optional): Defaults to None, torch's own.

    Returns:
        Tensor: Bool, shape ``(B, L)``.
    """
    return allowed & _toss(allowed, share, generator)


def choose_words(
    allowed: Tensor,
    continues: Tensor,
    share: float = 0.15,
    generator: Optional[torch.Generator] = None,
) -> Tensor:
    """Choose each word with the same probability, with all of its pieces.

    Args:
        allowed (Tensor): Tokens that may be chosen, bool, shape ``(B, L)``.
        continues (Tensor): Tokens that go on with the word before them,
            bool, shape ``(B, L)``. After a token that may not be chosen a
            word begins in any case.
        share (float): Probability, in [0, 1]. Defaults to 0.15.
        generator (torch.Generator, optional): Defaults to None, torch's own.

    Returns:
        Tensor: Bool, shape ``(B, L)``.

    Source: whole-word masking of BERT,
    https://github.com/google-research/bert.
    """
    before = torch.zeros_like(allowed)
    before[:, 1:] = allowed[:, :-1]
    word = (~(continues & before)).cumsum(dim=1) - 1
    return allowed & _toss(allowed, share, generator).gather(1, word)


def hide_tokens(
    ids: Tensor,
    chosen: Tensor,
    mask_id: int,
    vocab_size: int,
    mask_ratio: float = 0.8,
    random_share: float = 0.1,
    generator: Optional[torch.Generator] = None,
) -> Tuple[Tensor, Tensor]:
    """Hide chosen tokens: most by the mask, some by others, some not at all.

    Args:
        ids (Tensor): Token ids, int64, shape ``(B, L)``; left as they are.
        chosen (Tensor): Tokens to be guessed, bool, shape ``(B, L)``.
        mask_id (int): Id of the mask token.
        vocab_size (int): Replacements are drawn from ``[0, vocab_size)``.
        mask_ratio (float): Share of the chosen tokens that become the mask.
            Defaults to 0.8.
        random_share (float): Share of them that become a random token; the
            others stay, but have to be guessed too. Defaults to 0.1.
        generator (torch.Generator, optional): Defaults to None, torch's own.

    Returns:
        tuple[Tensor, Tensor]: The new ids, and as labels the old ids where
        something is to be guessed and ``IGNORE_INDEX`` elsewhere, both of
        shape ``(B, L)``.

    Source: BERT, https://arxiv.org/abs/1810.04805, section 3.1.
    """
    masked = chosen & _toss(chosen, mask_ratio, generator)
    left = 1 - mask_ratio
    swap = min(1.0, random_share / left) if left > 0 else 0.0
    swapped = chosen & ~masked & _toss(chosen, swap, generator)
    other = torch.randint(
        vocab_size, ids.shape, device=ids.device, generator=generator
    )
    hidden = torch.where(swapped, other, ids.masked_fill(masked, mask_id))
    return hidden, ids.masked_fill(~chosen, IGNORE_INDEX)


def mask_tokens(
    ids: Tensor,
    mask_id: int,
    vocab_size: int,
    spared: Sequence[int],
    share: float = 0.15,
    generator: Optional[torch.Generator] = None,
) -> Tuple[Tensor, Tensor]:
    """Choose tokens one by one and hide them, as BERT and ALBEF do.

    Args:
        ids (Tensor): Token ids, int64, shape ``(B, L)``.
        mask_id (int): Id of the mask token.
        vocab_size (int): Size of the vocabulary.
        spared (Sequence[int]): Ids that are never hidden.
        share (float): Probability of each token. Defaults to 0.15.
        generator (torch.Generator, optional): Defaults to None, torch's own.

    Returns:
        tuple[Tensor, Tensor]: Ids and labels as in :func:`hide_tokens`.
    """
    chosen = choose_tokens(maskable(ids, spared), share, generator)
    return hide_tokens(ids, chosen, mask_id, vocab_size, generator=generator)


def _toss(
    like: Tensor, share: float, generator: Optional[torch.Generator]
) -> Tensor:
    """Independent coins that are true with probability ``share``."""
    draw = torch.rand(like.shape, device=like.device, generator=generator)
    return draw < share
