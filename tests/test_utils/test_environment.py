# Copyright (c) elip_mm contributors. All rights reserved.
import warnings

import pytest
from mmengine.registry import DefaultScope

import elip_mm.utils
from elip_mm.launch.user_errors import explain, short_errors
from elip_mm.registry import HOOKS, MODELS
from elip_mm.utils import collect_env, register_all_modules


def test_register_all_modules_takes_over_the_scope():
    with DefaultScope.overwrite_default_scope('mmengine'):
        register_all_modules(init_default_scope=False)
        scope = DefaultScope.get_current_instance
        assert scope().scope_name == 'mmengine'
        with pytest.warns(UserWarning, match='was "mmengine"'):
            register_all_modules()
        assert scope().scope_name == 'elip_mm'
        with warnings.catch_warnings():
            warnings.simplefilter('error')
            register_all_modules()  # nothing left to do
        # Ours, mmpretrain's and mmengine's, without a prefix.
        assert HOOKS.get('KeyedRandomnessHook') is not None
        assert MODELS.get('VisionTransformer') is not None
        assert HOOKS.get('IterTimerHook') is not None


def test_environment_names_every_library():
    env = collect_env()
    assert env['elip_mm'] == elip_mm.__version__
    assert env['mmengine'] and env['mmpretrain']
    assert all(isinstance(value, str) for value in env.values())


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
    assert 'test_environment.py' in second and '--traceback' in second
    for settings in (dict(full=True), dict(active=lambda: False)):
        with pytest.raises(ValueError), short_errors(**settings):
            raise ValueError('x is wrong')
    with pytest.raises(RuntimeError), short_errors():
        raise RuntimeError('our own mistake')
