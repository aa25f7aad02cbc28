# Copyright (c) elip_mm contributors. All rights reserved.
"""Mistakes in a config are reported when the model is built.

Acceptance: config.
"""

import copy

import numpy as np
import pytest
import torch

from elip_mm.models.reducers import ELIPReducer
from elip_mm.structures import Hints
from tests.support.tiny import ELIP, GUIDANCE, IMAGES, tiny_clip, tiny_vit


def stage(layer=2, look_ahead=2, keep_ratio=0.9):
    return dict(layer=layer, look_ahead=look_ahead, keep_ratio=keep_ratio)


@pytest.mark.parametrize(
    'changes, message',
    [
        (dict(stages=[stage(8, 6)]),
         'before layer 8 looks 6 layers ahead, but only 4 are left in a '
         '12-layer backbone; set its look_ahead to at most 4'),
        (dict(stages=[stage(12, 1)]), 'there is no layer 12'),
        (dict(stages=[stage(4), stage(2)]), 'sorted by layer'),
        (dict(stages=[stage(2), stage(2)]), 'sorted by layer'),
        (dict(stages=[stage(2, keep_ratio=0.5), stage(4, keep_ratio=0.6)]),
         'cannot keep more'),
        (dict(stages=[stage(keep_ratio=1.5)]), r'number in \(0, 1\]'),
        (dict(stages=[stage(keep_ratio=0)]), r'number in \(0, 1\]'),
        (dict(stages=[dict(layer=2, keep_ratio=0.5)]), 'must have the keys'),
        (dict(stages=[stage(look_ahead=0)]),
         'stage 0: look_ahead must be a whole number of at least 1'),
        (dict(stages=[stage(layer=2.5)]), 'stage 0: layer must be a whole'),
        (dict(text_weight=1.2), 'text_weight'),
        (dict(count_base='cls'), 'count_base'),
        (dict(count_base=True), 'count_base'),
        (dict(eps=-1e-6), 'eps must be a number of at least 0'),
        (dict(keep_counts=[9.5, 6.5, 4.5]),
         'entry 0 of keep_counts must be a whole number of at least 1'),
        (dict(keep_counts='abc'), 'keep_counts must be a list'),
        (dict(stages=[]), 'stages is empty'),
        (dict(stages='abc'), 'stages must be a list'),
        (dict(stages=[stage(layer=True)]), 'layer must be a whole number'),
        (dict(stages=[stage(keep_ratio='0.5')]), 'keep_ratio must be a num'),
        (dict(text_weight=float('nan')), 'text_weight must be a number in'),
        # Once no budget, silently: all tokens stayed.
        (dict(budget=''), "budget must be 'flops:RATIO'"),
        (dict(budget=0.7), "budget must be 'flops:RATIO'"),
        (dict(keep_counts=(5, 6, 7)), 'keep_counts'),
        (dict(keep_counts=(5,)), 'keep_counts needs 3'),
        (dict(keep_counts=()), 'keep_counts needs 3'),
        (dict(without_guidance='guess'), 'without_guidance'),
    ],
)  # fmt: skip
def test_bad_stages(changes, message):
    with pytest.raises(ValueError, match=message):
        tiny_vit(dict(ELIP, **changes))


def test_wrong_guidance_width():
    with pytest.raises(ValueError, match=r'\(3, 96\), but got \(3, 64\)'):
        tiny_vit(ELIP)(IMAGES, Hints(guidance=GUIDANCE[:, :64]))


def test_unknown_reducer():
    with pytest.raises(KeyError, match='ELPReducer'):
        tiny_vit(dict(type='elip_mm.ELPReducer'))


def test_guidance_of_another_width_is_refused_before_training():
    with pytest.raises(ValueError, match='text encoder is 48 wide'):
        tiny_clip(ELIP, guidance=dict(type='elip_mm.TextCLSGuidance'))
    with pytest.raises(ValueError, match='in_channels=96'):
        tiny_clip(ELIP, vision_neck=None)


def test_tokenizer_must_fit_the_text_encoder():
    big = dict(
        type='elip_mm.StandInTokenizer', vocab_size=60, context_length=8
    )
    with pytest.raises(ValueError, match='text_encoder.vocab_size=60'):
        tiny_clip(tokenizer=big)
    long = dict(
        type='elip_mm.StandInTokenizer', vocab_size=50, context_length=9
    )
    with pytest.raises(ValueError, match='at most 8'):
        tiny_clip(tokenizer=long)


def test_settings_cannot_be_changed():
    reducer = tiny_vit(ELIP).reducer
    with pytest.raises(AttributeError):
        reducer.stages = ()
    with pytest.raises(AttributeError):
        reducer.stages[0].keep = 0.1


def test_config_is_not_edited():
    config = dict(ELIP, stages=[stage(), stage(4, 6, 0.6)])
    before = copy.deepcopy(config)
    tiny_vit(config)
    assert config == before


def test_unknown_mode():
    with pytest.raises(ValueError, match='mode must be'):
        tiny_clip()(torch.randn(1, 3, 64, 64), None, mode='train')


def test_numbers_of_numpy_and_whole_floats_are_taken_as_meant():
    reducer = ELIPReducer(
        stages=[stage(np.int64(2), 2.0, np.float32(0.5)), stage(4, 1, 0.25)],
        keep_counts=np.array([8, 4]),
        merge_tokens=np.int32(2),
        count_base=10.0,
    )
    first = reducer.stages[0]
    assert (first.layer, first.look_ahead, first.keep_ratio) == (2, 2, 0.5)
    assert type(first.look_ahead) is int and type(first.keep_ratio) is float
    assert [reducer.num_keep(i, 16, 1) for i in (0, 1)] == [8, 4]
