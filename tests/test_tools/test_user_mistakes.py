# Copyright (c) elip_mm contributors. All rights reserved.
"""Each mistake ends in one message that says what, where and the mend."""

import importlib.util
import time
from pathlib import Path

import pytest
import torch

from elip_mm.launch.work_dir_lock import lock_work_dir
from tests.test_checkpoint.samples import resumable

ROOT = Path(__file__).resolve().parents[2]
CONFIG = str(ROOT / 'tests/support/toy_config.py')


@pytest.fixture
def tool(monkeypatch, capsys, tmp_path):
    """Runs a tool in this process; returns its exit code and message."""
    monkeypatch.chdir(tmp_path)

    def run(name, *args):
        path = ROOT / 'tools' / f'{name}.py'
        spec = importlib.util.spec_from_file_location(f'tool_{name}', path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        # A second run of the same name would log where the first one did.
        more = [] if '--cfg-options' in args else ['--cfg-options']
        more.append(f'experiment_name=toy{time.time_ns()}')
        monkeypatch.setattr('sys.argv', [name, *map(str, args), *more])
        try:
            module.main()
        except SystemExit as stop:
            return stop.code, capsys.readouterr().err
        return 0, capsys.readouterr().err

    return run


def options(**changes):
    return ['--cfg-options', *(f'{k}={v}' for k, v in changes.items())]


@pytest.mark.parametrize(
    'args, message',
    [
        (['missing.py'], 'there is no config file missing.py'),
        ([CONFIG, '--resume', 'x.pth'], 'there is no checkpoint x.pth'),
        (
            [CONFIG, *options(load_from='x.pth')],
            'there is no checkpoint x.pth',
        ),
        ([CONFIG, '--launcher', 'slurm'], 'SLURM_PROCID is not set'),
        ([CONFIG, '--launcher', 'pytorch'], 'tools/dist_train.sh'),
        (
            [CONFIG, *options(**{'model.type': 'elip_mm.ToyModle'})],
            "no model of the name 'elip_mm.ToyModle'; did you mean "
            'elip_mm.ToyModel',
        ),
        (
            [CONFIG, *options(**{'model.type': 'Xyzzyx'})],
            "no model of the name 'Xyzzyx'; check its spelling",
        ),
        (
            [CONFIG, *options(**{'model.widthh': 3})],
            'model.widthh (--cfg-options): elip_mm.ToyModel takes no '
            "'widthh'; did you mean width?",
        ),
        (
            [CONFIG, *options(**{'optim_wrapper.optimizer.type': 'AdamWW'})],
            "no optimizer of the name 'AdamWW'; did you mean AdamW?",
        ),
        (
            [CONFIG, *options(**{'train_cfg.max_epochs': 0})],
            'is a whole number from 1 on, but got 0',
        ),
        (
            [CONFIG, *options(**{'train_dataloader.dataset.size': 0})],
            'has length zero',
        ),
        ([CONFIG, *options(**{'train_cfg.max_iters': 3})], 'exactly one of'),
        ([CONFIG, '--amp', '--amp-dtype', 'float16'], 'needs a CUDA device'),
        (
            [
                CONFIG,
                '--amp',
                *options(**{'optim_wrapper.type': 'ApexOptimWrapper'}),
            ],
            "cannot replace an optim_wrapper of type 'ApexOptimWrapper'",
        ),
        (
            [
                CONFIG,
                '--auto-scale-lr',
                '--cfg-options',
                'auto_scale_lr=None',
            ],
            'needs to know the batch size',
        ),
    ],
)
def test_training(tool, args, message):
    if 'float16' in args and torch.cuda.is_available():
        pytest.skip('possible on this machine')
    code, error = tool('train', *args)
    assert code == 2
    assert error.startswith('error: ') and message in error
    assert len(error.splitlines()) < 6


@pytest.fixture(scope='module')
def weights(tmp_path_factory):
    """A checkpoint of a toy model of another width."""
    from tests.support.toy_project import ToyModel

    path = tmp_path_factory.mktemp('weights') / 'wide.pth'
    state = ToyModel(width=17).state_dict()
    torch.save({**resumable(), 'state_dict': state}, path)
    return path


@pytest.mark.parametrize('name', ['train', 'test'])
def test_text_as_a_checkpoint(tool, tmp_path, name):
    path = tmp_path / 'notes.pth'
    path.write_text('epoch: 3')
    args = [CONFIG, '--resume', path] if name == 'train' else [CONFIG, path]
    code, error = tool(name, *args)
    assert code == 2
    assert f'{path} (8 bytes) is no checkpoint: it is a text' in error


@pytest.mark.parametrize(
    'args',
    [
        ['train', CONFIG, '--resume'],
        ['train', CONFIG, '--load'],
        ['test', CONFIG],
    ],
)
def test_checkpoint_of_another_architecture(tool, args, weights):
    name, *args = args
    if args[-1] == '--load':
        args = [CONFIG, *options(load_from=weights, load_strict=False)]
    else:
        args.append(weights)
    code, error = tool(name, *args)
    assert code == 2
    assert 'first.weight is [17, 8], not [16, 8]' in error
    assert str(weights) in error


@pytest.mark.parametrize(
    'args, message',
    [
        (['x.pth'], 'there is no checkpoint x.pth'),
        (['x.pth', '--out', 'a.txt'], '--out writes a .json file'),
        (['x.pth', '--dump', 'a.json'], '--dump writes a .pkl file'),
        (['WEIGHTS', *options(test_dataloader='None')], 'no test_dataloader'),
        (
            [
                'WEIGHTS',
                '--show-dir',
                'a',
                *options(**{'default_hooks.visualization': 'None'}),
            ],
            'no default_hooks.visualization',
        ),
    ],
)
def test_testing(tool, args, message, weights):
    args = [weights if arg == 'WEIGHTS' else arg for arg in args]
    code, error = tool('test', CONFIG, *args)
    assert code == 2
    assert error.startswith('error: ') and message in error


def test_errors_of_a_running_training_keep_their_traceback(tool):
    with pytest.raises(Exception, match='^$') as error:
        tool('train', CONFIG, *options(**{'custom_hooks.0.at': 2}))
    assert error.typename == 'Stopped'


def test_traceback_on_request(tool):
    with pytest.raises(FileNotFoundError, match='missing.py'):
        tool('train', 'missing.py', '--traceback')


def test_a_folder_in_use(tool, tmp_path):
    with lock_work_dir(tmp_path):
        code, message = tool('train', CONFIG, '--work-dir', tmp_path)
    assert code == 2 and f'another training uses {tmp_path}' in message
    assert [path.name for path in tmp_path.iterdir()] == ['.lock']


def test_a_training_that_diverges(tool, tmp_path):
    changes = options(
        **{
            'optim_wrapper.optimizer.lr': 1e38,
            'default_hooks.checkpoint.interval': 1,
        }
    )
    code, message = tool('train', CONFIG, '--work-dir', tmp_path, *changes)
    assert code == 2 and 'training stopped' in message
    assert 'Traceback' not in message
    for path in tmp_path.glob('*.pth'):
        weights = torch.load(path)['state_dict'].values()
        assert all(value.isfinite().all() for value in weights)


@pytest.mark.parametrize(
    'args, message',
    [
        (['train', CONFIG, '--amp-dtype', 'bfloat16'], 'without --amp'),
        (['test', CONFIG, 'WEIGHTS', '--interval', '2'], 'without --show'),
        (['test', CONFIG, 'WEIGHTS', '--wait-time', '2'], 'without --show'),
        (
            ['test', CONFIG, 'WEIGHTS', '--show-dir', 'a', '--interval', '0'],
            'starts at 1',
        ),
        (
            ['train', CONFIG, '--cfg-options', 'nonsense'],
            'takes KEY=VALUE, as in train_cfg.max_epochs=3 or model.mask_ratio'
            "=0.3, but got 'nonsense'",
        ),
    ],
)
def test_arguments_that_do_nothing(tool, args, message):
    code, error = tool(*args)
    assert code == 2 and message in error


def test_a_config_with_a_syntax_error(tool, tmp_path):
    path = tmp_path / 'config.py'
    path.write_text('model = dict(\n')
    code, error = tool('train', path)
    assert code == 2
    assert error.startswith('error: config.py:1: syntax error: ')


def test_configs_can_be_checked_alone(tool, tmp_path, capsys):
    assert tool('misc/check_config', CONFIG, CONFIG) == (0, '')
    wrong = tmp_path / 'wrong.py'
    wrong.write_text(f'_base_ = {CONFIG!r}\nresum = True\n')
    code, error = tool('misc/check_config', wrong, CONFIG)
    assert code == 2
    assert error.startswith('error: resum (wrong.py:2): is no setting')


def test_errors_of_the_first_step_are_short(tool):
    key = 'train_dataloader.dataset.wide'
    code, error = tool('train', CONFIG, *options(**{key: True}))
    assert code == 2
    assert 'shapes cannot be multiplied' in error
    assert '(raised in ' in error and 'Traceback' not in error
