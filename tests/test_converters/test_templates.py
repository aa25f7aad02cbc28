# Copyright (c) elip_mm contributors. All rights reserved.
import pytest

from elip_mm.converters.templates import translate


@pytest.mark.parametrize(
    'key, source, target, expected',
    [
        ('blocks.12.w', 'blocks.{n}.w', 'layers.{n}.v', 'layers.12.v'),
        ('blocks.x.w', 'blocks.{n}.w', 'layers.{n}.v', None),
        ('blocks.1.w.b', 'blocks.{n}.w', 'layers.{n}.v', None),
        ('xblocks.1.w', 'blocks.{n}.w', 'layers.{n}.v', None),
        ('a.bias', 'a.{kind}', 'b.{kind}', 'b.bias'),
        ('a.b.bias', 'a.{kind}', 'b.{kind}', None),
        ('a.b.bias', 'a.{rest}', 'b.{rest}', 'b.b.bias'),
        ('axb', 'a.b', 'c', None),
        # Alternatives count on either side.
        ('in.1', '{side:in|out}.1', '{side}_1', 'in_1'),
        ('in_1', '{side}_1', '{side:in|out}.1', 'in.1'),
        ('up_1', '{side}_1', '{side:in|out}.1', None),
    ],
)
def test_translation(key, source, target, expected):
    assert translate(key, source, target) == expected


def test_templates_that_lose_something_are_refused():
    with pytest.raises(ValueError, match='must have the same placeholders'):
        translate('a.1', 'a.{n}', 'b')
