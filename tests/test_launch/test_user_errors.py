# Copyright (c) elip_mm contributors. All rights reserved.
import pytest

from elip_mm.launch import explain, short_errors


@pytest.mark.parametrize(
    'error, text',
    [
        (KeyError('a.b'), "the config has no entry 'a.b'"),
        (KeyError('"a b"\nc'), '"a b"\nc'),
        (ValueError('x is wrong'), 'x is wrong'),
        (ValueError(), 'ValueError'),
        (
            KeyError('ELIPPruninHook is not in the elip_mm::hook registry. x'),
            "there is no hook of the name 'ELIPPruninHook'; did you mean "
            'elip_mm.ELIPPruningHook',
        ),
        (
            KeyError('elip_mm.X is not in the elip_mm::nothing registry. x'),
            "there is no nothing of the name 'elip_mm.X' in the scopes from "
            "'elip_mm' upwards",
        ),
    ],
)
def test_messages(error, text):
    assert explain(error).startswith(text)


def test_only_early_mistakes_are_shortened(capsys):
    with pytest.raises(SystemExit) as stop, short_errors():
        raise ValueError('x is wrong')
    assert stop.value.code == 2
    first, second = capsys.readouterr().err.splitlines()
    assert first == 'error: x is wrong'
    assert 'test_user_errors.py' in second and '--traceback' in second
    for settings in (dict(full=True), dict(active=lambda: False)):
        with pytest.raises(ValueError), short_errors(**settings):
            raise ValueError('x is wrong')
    with pytest.raises(RuntimeError), short_errors():
        raise RuntimeError('our own mistake')


def test_numbers_that_are_not_finite_are_told_at_any_time(capsys):
    with pytest.raises(SystemExit) as stop:
        with short_errors(active=lambda: False):
            raise FloatingPointError('loss_itc is nan')
    assert stop.value.code == 2
    assert 'error: loss_itc is nan' in capsys.readouterr().err
