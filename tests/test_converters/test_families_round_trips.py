# Copyright (c) elip_mm contributors. All rights reserved.
"""Every converter has a way back, and nothing is lost on it."""

import os
from pathlib import Path

import pytest
import torch
from mmengine import Config

from elip_mm.converters import (
    FAMILIES,
    from_clip_vit,
    from_timm_vit,
    to_clip_vit,
    to_open_clip,
    to_timm_vit,
)
from elip_mm.registry import MODELS
from tests.support.tiny import perturb
from tests.test_converters.published_names import published_state
from tests.test_parity.fixture import Fixture

ROOT = Path(__file__).parents[2]
# Family and recipe; open_clip has a model for each of its losses.
CASES = [
    ('albef', 'albef/albef_tiny_dense_1xb32'),
    ('blip', 'blip/blip_tiny_dense_1xb32'),
    ('meter', 'meter/meter_tiny_dense_1xb32'),
    ('open_clip', 'clip/clip_tiny_dense_1xb64'),
    ('open_clip', 'siglip/siglip_tiny_dense_1xb64'),
]
ALL = pytest.mark.parametrize('family, recipe', CASES)
# METER's own pooler, which no pass of the pre-training uses.
METER_LACKS = {
    f'text_transformer.pooler.dense.{kind}' for kind in ('weight', 'bias')
}
FILES = {
    'albef_pretrain': FAMILIES['albef'][:2],
    'albef_vit': (from_timm_vit, to_timm_vit),
    'blip_pretrain': FAMILIES['blip'][:2],
    'meter_pretrain': FAMILIES['meter'][:2],
    'meter_vit': (from_clip_vit, to_clip_vit),
    'open_clip_elip': FAMILIES['open_clip'][:2],
}
FOLDERS = [
    ROOT / 'tests/data/parity',
    Path(os.environ.get('ELIP_PARITY_DIR', 'missing')),
]


def our_state(recipe):
    """State dict of a tiny model whose tensors all differ."""
    path = ROOT / f'configs/{recipe}_synthetic-scenes-64px.py'
    return perturb(MODELS.build(Config.fromfile(path).model)).state_dict()


def assert_same(found, expected):
    assert found.keys() == expected.keys()
    for key, value in expected.items():
        assert found[key].shape == value.shape, key
        assert torch.equal(found[key], value), key


def test_every_family_has_a_case():
    assert {family for family, _ in CASES} == set(FAMILIES)


@ALL
def test_ours_there_and_back(family, recipe):
    ours = our_state(recipe)
    theirs = FAMILIES[family].to_theirs(ours)
    assert_same(theirs, published_state(ours, family))
    assert_same(FAMILIES[family].from_theirs(theirs), ours)


@ALL
def test_theirs_here_and_back(family, recipe):
    theirs = published_state(our_state(recipe), family)
    ours = FAMILIES[family].from_theirs(theirs)
    assert_same(FAMILIES[family].to_theirs(ours), theirs)


@ALL
def test_keys_of_no_rule_are_named_on_the_way_back(family, recipe):
    ours = {**our_state(recipe), 'heads.other.weight': torch.ones(1)}
    with pytest.raises(ValueError, match='match no rule: heads.other.weight'):
        FAMILIES[family].to_theirs(ours)


@ALL
def test_missing_keys_are_named_on_the_way_back(family, recipe):
    ours = our_state(recipe)
    del ours['vision_backbone.cls_token']
    with pytest.raises(ValueError, match='lacks .*vision_backbone.cls_token'):
        FAMILIES[family].to_theirs(ours)


@pytest.mark.parametrize(
    'path',
    [path for folder in FOLDERS for path in sorted(folder.glob('*.npz'))],
    ids=lambda path: f'{path.parent.name}-{path.stem}',
)
def test_weights_of_the_reference_here_and_back(path):
    theirs = Fixture(path).group('state')
    convert, back = FILES[path.stem]
    found = back(convert(theirs))
    lacking = theirs.keys() - found.keys()
    assert lacking == (METER_LACKS if path.stem == 'meter_pretrain' else set())
    assert_same(found, {key: theirs[key] for key in theirs.keys() - lacking})


def test_what_meter_has_besides_is_left_out():
    theirs = published_state(our_state(dict(CASES)['meter']), 'meter')
    besides = {
        key: torch.ones(3, 3)
        for key in (
            'vit_model.positional_embedding',
            'vit_model.logit_scale',
            'vit_model.ln_final.weight',
            'vit_model.transformer.resblocks.0.ln_1.weight',
            'vit_model.visual.proj',
            'text_transformer.pooler.dense.weight',
            'text_transformer.embeddings.position_ids',
            'mlm_score.decoder.bias',
            'vqa_classifier.0.weight',
            'rank_output.weight',
        )
    }
    convert = FAMILIES['meter']
    ours = convert.from_theirs({**theirs, **besides})
    assert_same(convert.to_theirs(ours), theirs)


def test_three_token_types_become_two():
    theirs = published_state(our_state(dict(CASES)['meter']), 'meter')
    types = 'token_type_embeddings.weight'
    two = theirs[types]
    theirs[types] = torch.cat([two, torch.ones_like(two[:1])])
    ours = FAMILIES['meter'].from_theirs(theirs)
    assert torch.equal(ours[f'fusion.{types}'], two)


def test_numbers_that_are_vectors_become_numbers():
    ours = our_state('siglip/siglip_tiny_dense_1xb64')
    theirs = to_open_clip(ours)
    theirs['logit_bias'] = theirs['logit_bias'].reshape(1)
    assert_same(FAMILIES['open_clip'].from_theirs(theirs), ours)
