# Copyright (c) elip_mm contributors. All rights reserved.
import pytest

from elip_mm.launch.config_check.signatures import (
    accepted_arguments,
    keys_taken,
)


class Base:
    def __init__(self, depth, width=3):
        self.size = depth, width


class Passes(Base):
    def __init__(self, *args, colour='red', **kwargs):
        self.shade = kwargs.pop('shade', None)
        super().__init__(*args, **kwargs)


class PassesByName(Passes):
    def __init__(self, name='', **rest):
        Passes.__init__(self, **rest)


class Inherits(Passes):
    pass


class Swallows(Base):
    def __init__(self, colour, **kwargs):
        super().__init__(3)


class Stores(Base):
    def __init__(self, **kwargs):
        self.settings = kwargs
        super().__init__(**kwargs)


class Reads(Base):
    def __init__(self, part):
        weights = part.pop('weights', None)
        super().__init__(weights, part['size'])


@pytest.mark.parametrize(
    'target, names, free',
    [
        (Base, {'depth', 'width'}, False),
        (Passes, {'depth', 'width', 'colour', 'shade'}, False),
        (Inherits, {'depth', 'width', 'colour', 'shade'}, False),
        (
            PassesByName,
            {'depth', 'width', 'colour', 'shade', 'name'},
            False,
        ),
        (Swallows, {'colour'}, True),
        (Stores, set(), True),
        (lambda a, b=1: a, {'a', 'b'}, False),
        (lambda a, **more: a, {'a'}, True),
    ],
)
def test_keys(target, names, free):
    accepted = accepted_arguments(target)
    assert set(accepted.defaults) == names
    assert accepted.free == free


def test_keys_that_a_whole_takes_out_of_its_parts():
    assert keys_taken(Reads)['part'] == {'weights', 'size'}
    assert not keys_taken(Base)
