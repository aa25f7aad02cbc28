# Copyright (c) elip_mm contributors. All rights reserved.
import pytest

from elip_mm.registry import TRANSFORMS


def clean(text, **settings):
    transform = TRANSFORMS.build(
        dict(type='elip_mm.CleanPairCaption', **settings)
    )
    return transform(dict(text=text, image_id=1))['text']


@pytest.mark.parametrize(
    'style, text, expected',
    [
        ('albef', 'A Dog, on-the/Beach!', 'a dog on the beach'),
        ('albef', "It's #1: (really) ~ *ok*?", 'its 1 really ok'),
        ('albef', '<PERSON> waves;  "hi"', 'person waves hi'),
        ('albef', ' tabs\tand\nlines ', 'tabs and lines'),
        ('blip', 'A Dog, on-the/Beach!', 'a dog, on-the/beach'),
        ('blip', "It's #1: (really) ~ *ok*?", "it's 1 really ok ?"),
        ('blip', 'one.two!three', 'one two three'),
        ('blip', '<person> waves', '<person> waves'),
    ],
)
def test_styles(style, text, expected):
    assert clean(text, style=style) == expected


def test_words_are_limited():
    text = ' '.join(map(str, range(50)))
    assert clean(text, style='blip').split()[-1] == '29'
    assert clean(text, style='albef', max_words=3) == '0 1 2'
    assert clean(text, style='albef', max_words=None) == text


def test_lists_and_other_keys():
    assert clean(['A.', 'B!'], style='albef') == ['a', 'b']
    transform = TRANSFORMS.build(
        dict(type='elip_mm.CleanPairCaption', style='blip', keys='question')
    )
    assert transform(dict(question='Who!', text='A!')) == dict(
        question='who', text='A!'
    )


def test_mistakes_are_named():
    with pytest.raises(ValueError, match='style must be one of'):
        clean('a', style='clip')
    with pytest.raises(
        ValueError, match='max_words, None for no limit, must be a whole'
    ):
        clean('a', style='blip', max_words=0)
