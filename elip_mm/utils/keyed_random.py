# Copyright (c) elip_mm contributors. All rights reserved.
"""Randomness that depends on what is drawn, never on who draws it."""

import hashlib
import random
from contextlib import contextmanager
from typing import Iterator, Union

import numpy as np
import torch


def stable_key(*parts: Union[int, str]) -> int:
    """Hash numbers and names to 64 bits, alike on every machine.

    Python's own ``hash`` will not do: it differs between processes for
    strings and is nearly the identity for small integers, so that the streams
    of neighbouring samples would be related.

    Args:
        *parts (int or str): What the key depends on, in order.

    Returns:
        int: A number in ``[0, 2 ** 64)``.
    """
    return _hash('\x1f'.join(map(str, parts)))


def keyed_seed(*key: int) -> int:
    """A seed for generators that depends on every entry of ``key``.

    Args:
        *key (int): For instance seed, iteration and rank.

    Returns:
        int: A number of 63 bits.
    """
    return _hash('/'.join(map(str, key))) >> 1


def _hash(text: str) -> int:
    """A number of 64 bits that is the same in every process and version."""
    digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
    return int.from_bytes(digest, 'big')


@contextmanager
def keyed_random(seed: int, epoch: int, index: int) -> Iterator[int]:
    """Seed python's, numpy's and torch's CPU generators for one sample.

    Whatever is drawn inside is a pure function of the three numbers. On exit
    all three generators go on as if nothing had happened.

    Args:
        seed (int): Seed of the data set.
        epoch (int): Number of the epoch, counted from 0.
        index (int): Number of the sample.

    Yields:
        int: The 64-bit key, for generators of one's own.

    Examples:
        >>> with keyed_random(seed=0, epoch=3, index=17):
        ...     flip = random.random() < 0.5
    """
    key = stable_key(int(seed), int(epoch), int(index))
    # The generator object, not `torch.manual_seed`: that one also seeds every
    # accelerator, and a worker process must not touch them.
    generator = torch.random.default_generator
    states = random.getstate(), np.random.get_state(), generator.get_state()
    random.seed(key)
    np.random.seed(key & 0xFFFFFFFF)
    generator.manual_seed(key >> 1)
    try:
        yield key
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])
        generator.set_state(states[2])
