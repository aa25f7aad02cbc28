# Copyright (c) elip_mm contributors. All rights reserved.
import pytest
import torch

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


def test_numbers_that_are_not_finite_are_told_at_any_time(capsys):
    with pytest.raises(SystemExit) as stop:
        with short_errors(active=lambda: False):
            raise FloatingPointError('loss_itc is nan')
    assert stop.value.code == 2
    assert 'error: loss_itc is nan' in capsys.readouterr().err


@pytest.mark.parametrize(
    'error',
    [
        RuntimeError('shapes cannot be multiplied'),
        SyntaxError('invalid syntax'),
        IndexError('x'),
    ],
)
def test_any_error_of_the_start_is_short(capsys, error):
    with pytest.raises(SystemExit) as stop, short_errors():
        raise error
    assert stop.value.code == 2
    assert capsys.readouterr().err.startswith(f'error: {error}\n(raised in')


def test_an_interrupt_is_no_traceback(capsys):
    with pytest.raises(SystemExit) as stop, short_errors():
        raise KeyboardInterrupt
    assert stop.value.code == 130
    assert 'interrupted before the first step' in capsys.readouterr().err
    with pytest.raises(KeyboardInterrupt), short_errors(active=lambda: False):
        raise KeyboardInterrupt


@pytest.mark.parametrize(
    'request_to_stop, code', [(KeyboardInterrupt(), 130), (SystemExit(7), 7)]
)
def test_a_signal_while_a_config_is_formatted(capsys, request_to_stop, code):
    def format_config():  # as mmengine does
        try:
            raise request_to_stop
        except BaseException:
            raise SyntaxError('Failed to format the config file')  # noqa: B904

    with pytest.raises(SystemExit) as stop, short_errors():
        format_config()
    assert stop.value.code == code
    assert 'Failed to format' not in capsys.readouterr().err


class Broken(torch.utils.data.Dataset):
    def __len__(self):
        return 4

    def __getitem__(self, index):
        raise RuntimeError(f'{index}.jpg is no image;\nremove it.')


def test_errors_of_other_processes_come_without_their_traceback():
    loader = torch.utils.data.DataLoader(Broken(), num_workers=1)
    with pytest.raises(RuntimeError, match='Traceback') as error:
        next(iter(loader))
    text = 'RuntimeError: 0.jpg is no image;\nremove it.'
    assert explain(error.value).strip() == text
