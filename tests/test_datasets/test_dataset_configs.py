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
# Those with an image size in their names; what they share has no pipelines.
BASES = sorted((ROOT / 'configs/_base_/datasets').glob('*px*.py'))
PAIRS = ROOT / 'tests' / 'data' / 'pairs'


def load(path, num_scenes=8):
    """Read a base, shrunk to data that are at hand."""
    cfg = Config.fromfile(path)
    for name in ('train', 'val', 'test'):
        loader = cfg[f'{name}_dataloader']
        loader.update(num_workers=0, persistent_workers=False, batch_size=2)
        if loader.dataset.type == 'elip_mm.ImageTextPairs':
            loader.dataset.update(data_root=str(PAIRS), ann_file='pairs.json')
        else:
            loader.dataset.num_scenes = num_scenes
    return cfg


@pytest.mark.parametrize('scope', ['elip_mm', 'mmpretrain'])
@pytest.mark.parametrize('name', ['train', 'val', 'test'])
@pytest.mark.parametrize('path', BASES, ids=lambda path: path.stem)
def test_base_gives_batches(path, name, scope):
    cfg = load(path)
    with DefaultScope.overwrite_default_scope(scope):
        loader = Runner.build_dataloader(cfg[f'{name}_dataloader'], seed=0)
        preprocess = MODELS.build(cfg.data_preprocessor)
    batch = preprocess(next(iter(loader)))
    side = int(re.search(r'_(\d+)px', path.stem)[1])
    assert batch['images'].shape == (2, 3, side, side)
    assert batch['images'].dtype == torch.float32
    assert batch['images'].abs().max() < 4
    for sample in batch['data_samples']:
        assert isinstance(sample.text, str if name == 'train' else list)
        assert isinstance(sample.image_id, int)
    if name != 'train':
        assert loader.dataset.img_size == len(loader.dataset)
        assert loader.dataset.text_size >= loader.dataset.img_size


@pytest.mark.parametrize('path', BASES, ids=lambda path: path.stem)
def test_base_keeps_what_retrieval_needs(path):
    cfg = Config.fromfile(path)
    for name in ('train', 'val', 'test'):
        loader = cfg[f'{name}_dataloader']
        # Without it, batches of images would be read as views of one image.
        assert loader.collate_fn.type == 'default_collate'
        if name != 'train':
            assert loader.dataset.test_mode
            assert loader.sampler.subsample_type == 'sequential'
            assert cfg[f'{name}_evaluator'].type == 'elip_mm.RetrievalRecall'
    assert cfg.train_dataloader.sampler.type == 'elip_mm.KeyedSampler'
    assert not cfg.train_dataloader.dataset.get('test_mode', False)
