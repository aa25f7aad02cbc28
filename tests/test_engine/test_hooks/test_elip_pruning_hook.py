# Copyright (c) elip_mm contributors. All rights reserved.
"""The hook in a config, for each of the six models, through a Runner."""

import json

import pytest
import torch
from mmengine.config import Config
from mmengine.evaluator import BaseMetric
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmpretrain.models.backbones import VisionTransformer

from elip_mm.analysis.layer_watch import MAIN, LayerWatch
from elip_mm.registry import HOOKS, METRICS
from tests.test_adapters.zoo import (
    ELIP,
    ELIP_TOKENS,
    NUM_TOKENS,
    TOWERS,
    model_config,
)

NAMES = sorted(set(TOWERS) - {'CLIP'})


@HOOKS.register_module()
class WatchHook(Hook):
    """Note the lengths of sequences, and make a prediction on the way."""

    priority = 'LOWEST'

    def __init__(self):
        self.trained, self.predicted, self.samples = [], [], None

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        self.watch = LayerWatch(runner.model)
        self.calls = self.watch.__enter__()

    def after_train_iter(
        self, runner, batch_idx, data_batch=None, outputs=None
    ):
        self.watch.__exit__()
        self.trained = entered(self.calls)
        runner.model.eval()
        with LayerWatch(runner.model) as calls:
            self.samples = runner.model.test_step(data_batch)
        self.predicted = entered(calls)
        runner.model.train()


@METRICS.register_module()
class CountingMetric(BaseMetric):
    """Number and width of predictions."""

    def process(self, data_batch, data_samples):
        self.results.extend(len(s['pred_score']) for s in data_samples)

    def compute_metrics(self, results):
        return dict(num=len(results), classes=results[0])


def entered(calls):
    return [call.entered for call in calls if call.kind == MAIN]


def make_config(name, folder, *hooks):
    loader = dict(
        batch_size=4,
        num_workers=0,
        dataset=dict(type='elip_mm.TinyPairs', two=name == 'BlipNLVR'),
        sampler=dict(type='DefaultSampler', shuffle=False),
        collate_fn=dict(type='default_collate'),
    )
    test = dict(
        test_dataloader=loader,
        test_cfg=dict(),
        test_evaluator=dict(type='elip_mm.CountingMetric'),
    )
    train = dict(
        train_dataloader=loader,
        train_cfg=dict(by_epoch=False, max_iters=2),
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=1e-3)),
    )
    return Config(
        dict(
            default_scope='mmpretrain',
            model=model_config(name, folder),
            work_dir=str(folder / 'work'),
            # By default the second of the start, which runs may share.
            experiment_name=folder.name,
            custom_hooks=list(hooks),
            log_level='WARNING',
            visualizer=dict(
                type='UniversalVisualizer',
                vis_backends=[dict(type='LocalVisBackend')],
            ),
            default_hooks=dict(
                logger=dict(type='LoggerHook', interval=1),
                checkpoint=dict(
                    type='CheckpointHook', by_epoch=False, interval=2
                ),
            ),
            **(test if name == 'CLIP' else train),
        )
    )


@pytest.mark.parametrize('name', NAMES)
def test_a_training_step_is_reduced_and_a_prediction_is_not(name, tmp_path):
    hook = dict(type='elip_mm.ELIPPruningHook', reducer=ELIP)
    watch = dict(type='elip_mm.WatchHook')
    runner = Runner.from_cfg(make_config(name, tmp_path, hook, watch))
    runner.train()
    watch = next(h for h in runner.hooks if isinstance(h, WatchHook))
    assert watch.trained == ELIP_TOKENS
    assert watch.predicted == [NUM_TOKENS] * 4
    assert watch.samples is not None
    # The run over, the model is plain again, and so is its checkpoint.
    tower = runner.model.get_submodule(TOWERS[name])
    assert type(tower) is VisionTransformer
    config = make_config(name, tmp_path)
    config.load_from = str(tmp_path / 'work' / 'iter_2.pth')
    plain = Runner.from_cfg(config)
    state = torch.load(config.load_from, weights_only=False)['state_dict']
    plain.model.load_state_dict(state, strict=True)


@pytest.mark.parametrize('name', NAMES)
def test_predictions_are_reduced_on_request(name, tmp_path):
    hook = dict(
        type='elip_mm.ELIPPruningHook',
        reducer=dict(type='elip_mm.ToMeReducer', num_merge=4),
        during=('loss', 'predict'),
    )
    watch = dict(type='elip_mm.WatchHook')
    runner = Runner.from_cfg(make_config(name, tmp_path, hook, watch))
    runner.train()
    watch = next(h for h in runner.hooks if isinstance(h, WatchHook))
    assert watch.trained == watch.predicted == [37, 33, 29, 25]


def test_clip_predicts_with_fewer_tokens(tmp_path):
    hook = dict(
        type='elip_mm.ELIPPruningHook', reducer=ELIP, during=('predict',)
    )
    runner = Runner.from_cfg(make_config('CLIP', tmp_path, hook))
    with _watch_calls_of(runner) as lengths:
        assert runner.test() == dict(num=4, classes=3)
    assert lengths == ELIP_TOKENS
    assert type(runner.model.visual) is VisionTransformer


class _watch_calls_of:
    """Tokens that the layers got, whoever holds them at that time."""

    def __init__(self, runner):
        self.layers = runner.model.visual.layers

    def __enter__(self):
        self.lengths = []
        self.handles = [
            layer.register_forward_hook(self._note, with_kwargs=True)
            for layer in self.layers
        ]
        return self.lengths

    def _note(self, layer, args, kwargs, output):
        if kwargs.get('mode', 'full') == 'full':
            self.lengths.append(args[0].shape[1])

    def __exit__(self, *error):
        for handle in self.handles:
            handle.remove()


@pytest.mark.parametrize(
    'settings, message',
    [
        (dict(target='head'), 'head of ImageClassifier is a LinearClsHead'),
        (dict(guidance='text'), 'ImageClassifier has no text tower'),
        (dict(during=('test',)), 'during must name some of'),
        (dict(reducer=dict(type='elip_mm.Nothing')), 'no token reducer'),
    ],
)
def test_an_unfit_target_fails_before_the_first_step(
    settings, message, tmp_path
):
    hook = dict(type='elip_mm.ELIPPruningHook', reducer=ELIP)
    config = make_config('ImageClassifier', tmp_path, dict(hook, **settings))
    runner = Runner.from_cfg(config)
    with pytest.raises(ValueError, match=message):
        runner.train()
    assert runner.iter == 0


def test_hooks_work_together_and_show_in_the_log(tmp_path):
    hooks = [
        dict(type='elip_mm.ELIPPruningHook', reducer=ELIP),
        dict(
            type='elip_mm.PruningScheduleHook',
            points=[dict(at=0, strength=0.0), dict(at=1, strength=1.0)],
        ),
        dict(type='elip_mm.EfficiencyHook', interval=1),
        dict(
            type='elip_mm.TokenVisualizationHook',
            enable=True,
            interval=2,
            indices=(0, 3),
        ),
    ]
    config = make_config('BlipRetrieval', tmp_path, *hooks)
    config.custom_hooks[0]['during'] = ('loss',)
    runner = Runner.from_cfg(config)
    runner.train()
    folder = tmp_path / 'work' / runner.timestamp / 'vis_data'
    lines = (folder / 'scalars.json').read_text().splitlines()
    first, second = map(json.loads, lines)
    assert first['pruning_strength'] == 0 and first['mean_tokens'] == 37
    assert first['look_ahead_share'] == 0
    assert second['pruning_strength'] == 1
    assert second['mean_tokens'] == sum(ELIP_TOKENS) / 4
    assert 0 < second['look_ahead_share'] < 0.3
    assert first['images_per_s'] > 0 < second['images_per_s']
    pictures = sorted(p.name for p in (folder / 'vis_image').iterdir())
    assert pictures == [
        'tokens_0_0.png',
        'tokens_0_2.png',
        'tokens_3_0.png',
        'tokens_3_2.png',
    ]
