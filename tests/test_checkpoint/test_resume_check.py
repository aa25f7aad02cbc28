# Copyright (c) elip_mm contributors. All rights reserved.
"""What cannot be resumed is refused in words, before the first batch."""

import copy

import pytest
import torch

from tests.test_checkpoint.test_checkpoint_hook import build


@pytest.fixture(scope='module')
def content(tmp_path_factory):
    """What a checkpoint of the toy project holds."""
    folder = tmp_path_factory.mktemp('made')
    build(folder).train()
    return torch.load(folder / 'iter_2.pth')


@pytest.fixture
def refuse(content, tmp_path):
    """Resume a changed copy; returns the message."""

    def resume(change, **options):
        changed = copy.deepcopy(content)
        change(changed)
        path = tmp_path / 'changed.pth'
        torch.save(changed, path)
        runner = build(tmp_path, load_from=str(path), resume=True, **options)
        with pytest.raises(ValueError) as caught:
            runner.train()
        message = str(caught.value)
        assert f'{path} cannot be resumed' in message
        assert 'use load_from in place of resume' in message
        return message

    return resume


def test_a_finished_run_is_no_mistake(content, tmp_path):
    torch.save(content, tmp_path / 'a.pth')
    runner = build(tmp_path, load_from=str(tmp_path / 'a.pth'), resume=True)
    runner.train()
    assert runner.iter == 2


def test_no_optimizer(refuse):
    message = refuse(lambda c: c.pop('optimizer'))
    assert 'holds no optimiser state' in message and 'best_*.pth' in message


def test_weights_alone(refuse):
    def strip(content):
        content.pop('meta')
        content.pop('optimizer')
        content.pop('message_hub')

    message = refuse(strip)
    assert "it has no 'meta', as files with weights alone" in message


def test_weights_without_an_optimiser(refuse):
    message = refuse(lambda content: content.pop('optimizer'))
    assert 'it holds no optimiser state' in message


def test_a_position_after_the_end(refuse):
    message = refuse(lambda c: c['meta'].update(epoch=99, iter=1584))
    assert 'made in epoch 99, after 1584 iterations' in message
    assert 'ends after 1 epochs with 2 iterations' in message
    message = refuse(lambda c: c['meta'].update(iter='2'))
    assert "meta.iter should be a number, not '2'" in message


def test_other_shapes_before_anything_is_adapted(refuse):
    message = refuse(lambda c: None, **{'model.width': 17})
    assert 'first.weight is [16, 8], not [17, 8]' in message
    assert '(3 in all)' not in message and 'image size' in message


def test_other_shapes_of_the_optimizer_state(refuse):
    def widen(content):
        moments = content['optimizer']['state'][0]
        moments['exp_avg'] = torch.zeros(17, 8)

    message = refuse(widen)
    assert (
        'exp_avg of its optimiser is [17, 8] for a parameter of [16, 8]'
        in (message)
    )


def test_other_groups(refuse):
    def drop(content):
        content['optimizer']['param_groups'].pop()

    message = refuse(drop)
    assert '3 groups with 3 parameters, and that of this run 4' in message


def test_another_optimizer(refuse):
    message = refuse(
        lambda c: None,
        **{
            'optim_wrapper.optimizer': dict(
                _delete_=True, type='SGD', lr=0.1, weight_decay=0.1
            )
        },
    )
    assert 'another optimiser: SGD needs momentum, dampening' in message
