# Copyright (c) elip_mm contributors. All rights reserved.
"""Where the configs are, and how their models are built in full size."""

from pathlib import Path

from elip_mm.apis import build_model

ROOT = Path(__file__).parents[2]
CONFIGS = ROOT / 'configs'
FAMILIES = sorted(path.parent.name for path in CONFIGS.glob('*/metafile.yml'))
RECIPES = [
    path for name in FAMILIES for path in sorted(CONFIGS.glob(f'{name}/*.py'))
]
BASES = sorted(CONFIGS.glob('_base_/**/*.py'))
METAFILES = sorted(CONFIGS.glob('*/metafile.yml'))


def label(path):
    """Id of a test: the name of a config, relative to the folder."""
    return path.relative_to(CONFIGS).with_suffix('').as_posix()


def build_full_size(cfg):
    """Build a model of any size without memory or vocabulary files."""
    return build_model(cfg, offline=True, initialize=False, device='meta')


def count_parameters(model):
    return sum(parameter.numel() for parameter in model.parameters())
