# Copyright (c) elip_mm contributors. All rights reserved.
import argparse

import pytest

from elip_mm.launch.arguments import OptionsAction, parse_options


def test_options():
    texts = ['a.b=3', 'c=[1,2]', 'd=x=y', 'e=None', 'f=']
    assert parse_options(texts) == {
        'a.b': 3,
        'c': [1, 2],
        'd': 'x=y',
        'e': None,
        'f': '',
    }


@pytest.mark.parametrize(
    'text, message',
    [
        ('nonsense', "takes KEY=VALUE, .* but got 'nonsense'"),
        ('=3', 'takes KEY=VALUE'),
        ('a..b=3', 'takes KEY=VALUE'),
        ('a=[1,2', 'brackets do not match'),
    ],
)
def test_options_of_another_form(text, message, capsys):
    with pytest.raises(ValueError, match=message):
        parse_options([text])
    parser = argparse.ArgumentParser()
    parser.add_argument('--cfg-options', nargs='+', action=OptionsAction)
    with pytest.raises(SystemExit) as stop:
        parser.parse_args(['--cfg-options', 'x=1', text])
    assert stop.value.code == 2
    assert '--cfg-options' in capsys.readouterr().err


def test_options_add_up():
    parser = argparse.ArgumentParser()
    parser.add_argument('--cfg-options', nargs='+', action=OptionsAction)
    args = parser.parse_args(
        ['--cfg-options', 'x=1', 'y=2', '--cfg-options', 'x=3']
    )
    assert args.cfg_options == dict(x=3, y=2)
