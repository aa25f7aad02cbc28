# Copyright (c) elip_mm contributors. All rights reserved.
"""Where the configs are, and how their models are built in full size."""

from pathlib import Path

import torch

from elip_mm.apis import build_model
from elip_mm.registry import MODELS
from elip_mm.utils import register_all_modules

ROOT = Path(__file__).parents[2]
CONFIGS = ROOT / 'configs'
METAFILES = sorted(CONFIGS.glob('*/metafile.yml'))
# Of single towers, which the models of the other families start from.
TOWERS = ('bert', 'vit')
TOWER_RECIPES = [
    path for name in TOWERS for path in sorted(CONFIGS.glob(f'{name}/*.py'))
]
FAMILIES = sorted({path.parent.name for path in METAFILES} - set(TOWERS))
RECIPES = [
    path for name in FAMILIES for path in sorted(CONFIGS.glob(f'{name}/*.py'))
]
BASES = sorted(CONFIGS.glob('_base_/**/*.py'))


def label(path):
    """Id of a test: the name of a config, relative to the folder."""
    return path.relative_to(CONFIGS).with_suffix('').as_posix()


def build_full_size(cfg):
    """Build a model of any size without memory or vocabulary files."""
    if 'vision_backbone' not in cfg.model:  # a tower by itself
        register_all_modules()
        with torch.device('meta'):
            return MODELS.build(cfg.model)
    return build_model(cfg, offline=True, initialize=False, device='meta')


def count_parameters(model):
    return sum(parameter.numel() for parameter in model.parameters())
