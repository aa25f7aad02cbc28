# Copyright (c) elip_mm contributors. All rights reserved.
"""What the fuzz tests draw, and what may come of it."""

import traceback
from pathlib import Path

import numpy as np
import torch
from hypothesis import strategies as st

import elip_mm

HOME = str(Path(elip_mm.__file__).parent)
# Others that derive from these, such as UnicodeDecodeError, are not ours.
OWN = (ValueError, TypeError, FileNotFoundError)


def outcome(call, *owners):
    """Result of a call, or None for an error of our own kind.

    Such an error is a plain ValueError, TypeError or FileNotFoundError, which
    the launcher prints without a traceback; it is raised by this library, and
    its message says who refuses what and ends as a sentence does. Python's own
    messages do not: they know no owner.

    Args:
        call (Callable): Without arguments.
        *owners (str): One of them has to be in the message.
    """
    try:
        return call()
    except OWN as error:
        text = str(error)
        frame = traceback.extract_tb(error.__traceback__)[-1]
        assert type(error) in OWN, repr(error)
        assert frame.filename.startswith(HOME), frame
        assert any(owner in text for owner in owners), repr(error)
        assert ': ' in text or 'expects' in text, repr(error)
        text.encode()  # it can be printed
        return None


TEXTS = st.text(st.characters(codec=None), max_size=40)
NUMBERS = st.one_of(
    st.integers(-4, 20),
    st.integers(),
    st.just(10**400),
    st.floats(),
    st.floats(0, 1),
    st.booleans(),
    st.fractions(),
    st.sampled_from([np.int64(3), np.float32(0.5), np.bool_(1), np.uint8(7)]),
)
_LEAVES = st.one_of(
    st.none(),
    NUMBERS,
    TEXTS,
    st.binary(max_size=8),
    st.complex_numbers(),
    st.sampled_from(
        [object(), int, len, torch.ones(2), torch.tensor(3), np.ones((2, 2)),
         np.array(2), b'', range(3), Path('x')]
    ),
)  # fmt: skip
# Anything at all that a config or a caller may hold.
ANYTHING = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.tuples(inner),
        st.dictionaries(TEXTS, inner, max_size=3),
    ),
    max_leaves=8,
)


def mostly(good):
    """What is meant, and now and then anything."""
    return st.one_of(good, good, good, ANYTHING)


def some(**arguments):
    """Any choice of keyword arguments, each mostly as it is meant."""
    optional = {name: mostly(good) for name, good in arguments.items()}
    return st.fixed_dictionaries({}, optional=optional)
