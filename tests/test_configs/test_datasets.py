# Copyright (c) elip_mm contributors. All rights reserved.
import re
from pathlib import Path

import pytest
import torch
from mmengine import Config
from mmengine.registry import DefaultScope
from mmengine.runner import Runner

from elip_mm.registry import MODELS

ROOT = Path(__file__).parents[2]
# Those with an image size in their names; what they share is incomplete.
BASES = sorted((ROOT / 'configs/_base_/datasets').glob('*px.py'))
# METER is validated by matching and not by retrieval.
RETRIEVAL = [path for path in BASES if not path.stem.startswith('meter_')]
MATCHING = [path for path in BASES if path not in RETRIEVAL]
PAIRS = ROOT / 'tests' / 'data' / 'pairs'


def load(path, num_scenes=8):
    """Read a base, shrunk to data that are at hand."""
    cfg = Config.fromfile(path)
    for name in ('train', 'val', 'test'):
        loader = cfg[f'{name}_dataloader']
        loader.update(num_workers=0, persistent_workers=False, batch_size=2)
        dataset = loader.dataset.get('dataset', loader.dataset)
        if dataset.type == 'elip_mm.ImageTextPairs':
            dataset.update(
                data_root=str(PAIRS),
                data_prefix=dict(img='images'),
                ann_file='pairs.json',
            )
        else:
            dataset.num_scenes = num_scenes
    return cfg


def first_batch(path, name, scope):
    """The first batch of a base, and the loader that it comes from."""
    cfg = load(path)
    with DefaultScope.overwrite_default_scope(scope):
        loader = Runner.build_dataloader(cfg[f'{name}_dataloader'], seed=0)
        preprocess = MODELS.build(cfg.data_preprocessor)
    batch = preprocess(next(iter(loader)))
    side = int(re.search(r'-(\d+)px', path.stem)[1])
    assert batch['images'].shape == (2, 3, side, side)
    assert batch['images'].dtype == torch.float32
    assert batch['images'].abs().max() < 4
    assert all(type(x.image_id) is int for x in batch['data_samples'])
    return batch, loader


@pytest.mark.parametrize('scope', ['elip_mm', 'mmpretrain'])
@pytest.mark.parametrize('path', BASES, ids=lambda path: path.stem)
def test_base_gives_batches_for_training(path, scope):
    batch, _ = first_batch(path, 'train', scope)
    assert all(isinstance(x.text, str) for x in batch['data_samples'])


@pytest.mark.parametrize('scope', ['elip_mm', 'mmpretrain'])
@pytest.mark.parametrize('name', ['val', 'test'])
@pytest.mark.parametrize('path', RETRIEVAL, ids=lambda path: path.stem)
def test_base_gives_batches_for_retrieval(path, name, scope):
    batch, loader = first_batch(path, name, scope)
    assert all(isinstance(x.text, list) for x in batch['data_samples'])
    assert loader.dataset.img_size == len(loader.dataset)
    assert loader.dataset.text_size >= loader.dataset.img_size


@pytest.mark.parametrize('scope', ['elip_mm', 'mmpretrain'])
@pytest.mark.parametrize('name', ['val', 'test'])
@pytest.mark.parametrize('path', MATCHING, ids=lambda path: path.stem)
def test_base_gives_batches_for_matching(path, name, scope):
    batch, _ = first_batch(path, name, scope)
    assert all(isinstance(x.text, str) for x in batch['data_samples'])
    # Every other pair is a mismatch.
    assert [x.gt_label.item() for x in batch['data_samples']] == [1, 0]


@pytest.mark.parametrize('path', BASES, ids=lambda path: path.stem)
def test_base_loads_as_its_task_needs(path):
    cfg = Config.fromfile(path)
    for name in ('train', 'val', 'test'):
        loader = cfg[f'{name}_dataloader']
        # Without it, batches of images would be read as views of one image.
        assert loader.collate_fn.type == 'elip_mm.stack_pairs'
        inner = loader.dataset.get('dataset', loader.dataset)
        assert inner.get('test_mode', False) == (name != 'train')
    assert cfg.train_dataloader.sampler.type == 'elip_mm.KeyedSampler'


@pytest.mark.parametrize('path', RETRIEVAL, ids=lambda path: path.stem)
def test_base_keeps_what_retrieval_needs(path):
    cfg = Config.fromfile(path)
    for name in ('val', 'test'):
        sampler = cfg[f'{name}_dataloader'].sampler
        assert sampler.subsample_type == 'sequential'
        evaluator = cfg[f'{name}_evaluator']
        first = evaluator[0] if isinstance(evaluator, list) else evaluator
        assert first.type == 'elip_mm.RetrievalRecall'
