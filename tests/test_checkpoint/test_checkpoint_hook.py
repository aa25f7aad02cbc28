# Copyright (c) elip_mm contributors. All rights reserved.
import os
import pickle
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from mmengine.hooks import Hook
from mmengine.logging import HistoryBuffer
from mmengine.runner import CheckpointLoader

from elip_mm.checkpoint import CheckpointHook
from elip_mm.evaluation import RetrievalRecall
from elip_mm.registry import HOOKS
from elip_mm.utils import register_all_modules

from .samples import resumable
from .samples import toy_runner as build


class ToyRunner:
    """The part of a runner that saving uses."""

    def __init__(self, folder):
        self.work_dir = str(folder)
        self.log = []
        self.info = {}
        self.message_hub = SimpleNamespace(
            runtime_info=self.info,
            update_info=self.info.__setitem__,
            get_info=self.info.get,
        )
        self.logger = SimpleNamespace(
            info=lambda *a: None, warning=self.log.append
        )
        self.val_loop = SimpleNamespace(
            evaluator=SimpleNamespace(metrics=[RetrievalRecall(topk=1)])
        )
        self.optim_wrapper = SimpleNamespace(_accumulative_counts=2)
        self.fail = False
        self.model = torch.nn.Linear(1, 1)

    def save_checkpoint(self, out_dir, filename, *args, backend_args, **kw):
        assert backend_args == dict(backend='elip_mm.atomic')
        if self.fail:
            raise KeyboardInterrupt
        (Path(out_dir) / filename).write_text('')


def test_old_checkpoint_goes_after_the_new_one_is_there(tmp_path):
    runner = ToyRunner(tmp_path)
    hook = CheckpointHook(interval=3, by_epoch=False, max_keep_ckpts=1)
    hook.before_train(runner)
    assert 'multiple of 2' in runner.log[0]

    runner.iter, runner.epoch = 2, 0
    hook._save_checkpoint(runner)
    runner.iter, runner.fail = 5, True
    with pytest.raises(KeyboardInterrupt):
        hook._save_checkpoint(runner)
    assert sorted(os.listdir(tmp_path)) == ['iter_3.pth', 'last_checkpoint']
    note = tmp_path / 'last_checkpoint'
    assert note.read_text() == str(tmp_path / 'iter_3.pth')

    runner.iter, runner.fail = 8, False
    hook._save_checkpoint(runner)
    hook._save_checkpoint(runner)  # as after a new best score
    assert note.read_text() == str(tmp_path / 'iter_9.pth')
    assert 'iter_9.pth' in os.listdir(tmp_path)
    # The failed one counts for nothing: it is not there.
    assert pickle.loads(pickle.dumps(runner.info['keep_ckpt_ids'])) == [9]


def test_best_checkpoints_are_written_safely_as_well():
    hook = CheckpointHook(save_best='loss')
    assert hook.backend_args == dict(backend='elip_mm.atomic')
    elsewhere = CheckpointHook(backend_args=dict(backend='petrel'))
    assert elsewhere.backend_args == dict(backend='petrel')


@pytest.mark.parametrize('metrics', [['loss'], ['loss', 'error']])
def test_former_best_goes_after_the_new_one_is_there(tmp_path, metrics):
    runner = ToyRunner(tmp_path)
    hook = CheckpointHook(save_best=metrics, rule='less', by_epoch=False)
    hook.before_train(runner)

    def validate(step, score):
        runner.iter = runner.epoch = step
        hook._save_best_checkpoint(runner, dict.fromkeys(metrics, score))
        return sorted(os.listdir(tmp_path))

    def names(step):
        return sorted(f'best_{name}_iter_{step}.pth' for name in metrics)

    assert validate(1, 3.0) == names(1)
    assert validate(2, 4.0) == names(1)  # no better
    runner.fail = True
    with pytest.raises(KeyboardInterrupt):
        validate(3, 2.0)
    assert sorted(os.listdir(tmp_path)) == names(1)


@pytest.mark.parametrize('metrics', [['loss'], ['loss', 'error']])
def test_former_best_goes(tmp_path, metrics):
    runner = ToyRunner(tmp_path)
    hook = CheckpointHook(save_best=metrics, rule='less', by_epoch=False)
    hook.before_train(runner)
    for step, score in enumerate([3.0, 4.0, 2.0]):
        runner.iter = runner.epoch = step
        hook._save_best_checkpoint(runner, dict.fromkeys(metrics, score))
    assert sorted(os.listdir(tmp_path)) == sorted(
        f'best_{name}_iter_2.pth' for name in metrics
    )


class NoteHook(Hook):
    """Adds something to checkpoints, later than nearly all hooks do."""

    priority = 'VERY_LOW'

    def before_save_checkpoint(self, runner, checkpoint):
        checkpoint['note'] = Path('a')


@pytest.mark.parametrize(
    'hooks',
    [
        None,  # those of the default runtime
        dict(),  # mmengine fills in its own default
        dict(checkpoint=dict(type='CheckpointHook', by_epoch=False)),
    ],
)
def test_every_way_to_write_it_protects(tmp_path, monkeypatch, hooks):
    loaders = {**CheckpointLoader._schemes, '': None}
    monkeypatch.setattr(CheckpointLoader, '_schemes', loaders)
    runner = build(tmp_path, hooks)
    assert isinstance(runner.hooks[-1], CheckpointHook)
    runner.register_hook(NoteHook())
    runner.train()
    assert CheckpointLoader._schemes[''].__module__.startswith('elip_mm.')
    path = str(next(tmp_path.glob('*_*.pth')))
    loaded = torch.load(path, weights_only=True)
    assert loaded['note'] == 'a'

    wide = build(tmp_path, load_from=path, **{'model.width': 17})
    with pytest.raises(ValueError, match=f'{path} does not fit') as error:
        wide.train()
    assert 'first.weight is [16, 8], not [17, 8]' in str(error.value)


def test_part_of_the_weights_on_request(tmp_path):
    path = tmp_path / 'part.pth'
    part = build(tmp_path).model.first.state_dict()
    weights = {f'first.{key}': value for key, value in part.items()}
    torch.save(dict(state_dict=weights), path)
    with pytest.raises(ValueError, match='missing in the file: last.weight'):
        build(tmp_path, load_from=str(path)).train()
    build(tmp_path, load_from=str(path), load_strict=False).train()
    resumed = build(
        tmp_path, load_from=str(path), load_strict=False, resume=True
    )
    with pytest.raises(ValueError, match="resumed: it has no 'meta'"):
        resumed.train()
    torch.save({**resumable(), 'state_dict': weights}, path)
    with pytest.raises(ValueError, match='holds no optimiser state'):
        resumed.train()


def test_only_checkpoints_in_the_folder_are_removed(tmp_path):
    """A file that is resumed from may name any path as the best so far."""
    mine, other = tmp_path / 'run', tmp_path / 'other'
    for folder in (mine, other / 'best_inner'):
        folder.mkdir(parents=True)
    precious, config = other / 'best_photo.jpg', mine / 'config.py'
    precious.write_text('')
    config.write_text('')
    for path in (precious, other, other / 'best_inner', mine / '..', config):
        runner = ToyRunner(mine)
        runner.info['best_ckpt'] = str(path)
        hook = CheckpointHook(save_best='loss', rule='less', by_epoch=False)
        hook.before_train(runner)
        runner.iter = runner.epoch = 1
        hook._save_best_checkpoint(runner, dict(loss=1.0))
        assert precious.exists() and (other / 'best_inner').exists()
        assert config.exists()


def test_former_best_goes_in_a_folder_that_was_moved(tmp_path):
    runner = ToyRunner(tmp_path)
    (tmp_path / 'best_loss_iter_7.pth').write_text('')
    runner.info['best_ckpt'] = '/elsewhere/best_loss_iter_7.pth'
    hook = CheckpointHook(save_best='loss', rule='less', by_epoch=False)
    hook.before_train(runner)
    runner.iter = runner.epoch = 9
    hook._save_best_checkpoint(runner, dict(loss=1.0))
    assert os.listdir(tmp_path) == ['best_loss_iter_9.pth']


def test_log_history_is_rebuilt(tmp_path):
    build(tmp_path).train()
    runner = build(tmp_path)
    loaded = runner.load_checkpoint(str(tmp_path / 'iter_2.pth'))
    history = loaded['message_hub']['log_scalars']['train/loss']
    assert isinstance(history, HistoryBuffer)


def test_the_bare_name_is_ours():
    register_all_modules()
    assert type(HOOKS.build(dict(type='CheckpointHook'))) is CheckpointHook


def test_broken_weights_replace_no_good_checkpoint(tmp_path):
    runner = build(tmp_path)
    runner.train()
    before = sorted(tmp_path.glob('*.pth*'))
    with torch.no_grad():
        runner.model.last.weight[0, 3] = float('inf')
    with pytest.raises(FloatingPointError, match='last.weight is not finite'):
        runner.save_checkpoint(str(tmp_path), 'iter_2.pth')
    good = torch.load(tmp_path / 'iter_2.pth')['state_dict']
    assert good['last.weight'].isfinite().all()
    assert sorted(tmp_path.glob('*.pth*')) == before


@pytest.mark.parametrize(
    'metric, better',
    [
        ('i2t/retrieval/Recall@1', 2.0),
        ('t2i/contrastive/Recall@5', 2.0),
        ('itm/accuracy', 2.0),
        ('coco/Bleu_4', 2.0),
        ('toy/loss', 1.0),
    ],
)
@pytest.mark.parametrize('auto', [False, True])
def test_it_is_known_what_is_better(tmp_path, metric, better, auto):
    runner = ToyRunner(tmp_path)
    hook = CheckpointHook(save_best='auto' if auto else metric, by_epoch=False)
    hook.before_train(runner)
    for step, score in enumerate([1.5, 3.0 - better, better]):
        runner.iter = runner.epoch = step
        hook._save_best_checkpoint(runner, {metric: score})
    assert [name.rpartition('_')[2] for name in os.listdir(tmp_path)] == [
        '2.pth'
    ]


def test_what_validation_will_not_tell_fails_before_training(tmp_path):
    foreign = SimpleNamespace(metrics=[SimpleNamespace()])
    runner = ToyRunner(tmp_path)
    runner.val_loop = SimpleNamespace(evaluator=foreign)
    with pytest.raises(ValueError, match="Add rule='greater'"):
        CheckpointHook(save_best='auto').before_train(runner)
    CheckpointHook(save_best='auto', rule='less').before_train(runner)
    with pytest.raises(ValueError, match='rule'):
        CheckpointHook(save_best='toy/mse')
    runner.val_loop = None
    CheckpointHook(save_best='auto').before_train(runner)
    assert 'nothing without validation' in runner.log[-1]


def test_a_metric_that_is_not_there_is_named(tmp_path):
    runner = ToyRunner(tmp_path)
    hook = CheckpointHook(save_best='retrieval/Recall@1')
    hook.before_train(runner)
    with pytest.raises(ValueError, match='gives i2t/retrieval/Recall@1, x'):
        hook._save_best_checkpoint(
            runner, {'i2t/retrieval/Recall@1': 1.0, 'x': 2.0}
        )
