# Copyright (c) elip_mm contributors. All rights reserved.
"""Where the configs are, and how their models are built in full size."""

from pathlib import Path

import torch

from elip_mm.registry import MODELS
from elip_mm.utils import register_all_modules

from ..bare_tokenizer import BareTokenizer

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
    register_all_modules()
    model = cfg.model.copy()
    encoder = cfg.model.text_encoder
    model.tokenizer = dict(
        type=BareTokenizer,
        vocab_size=encoder.get('vocab_size', 30522),
        context_length=encoder.get('context_length', 30),
    )
    if 'whole_words' in model:
        model.whole_words = False  # of which the bare tokenizer knows nothing
    with torch.device('meta'):
        return MODELS.build(model)


def count_parameters(model):
    return sum(parameter.numel() for parameter in model.parameters())
