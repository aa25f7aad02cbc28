# Copyright (c) elip_mm contributors. All rights reserved.
import pytest
import torch

from elip_mm.apis import token_states
from elip_mm.structures import TokenState
from tests.support.tiny import ELIP, IMAGES, random_ids, tiny_clip
from tests.test_adapters.zoo import build, load_batch


class Texts:
    """Samples whose tokens are known already."""

    def __init__(self, ids):
        self.ids = ids


def test_the_states_are_those_of_the_loss_and_modes_stay():
    model = tiny_clip(ELIP).train()
    model.text_encoder.eval()
    ids = random_ids(3)
    model.tokenize = lambda samples: samples.ids
    states = token_states(model, IMAGES, Texts(ids))
    assert model.training and not model.text_encoder.training
    assert all(isinstance(state, TokenState) for state in states.values())
    model.eval()
    with torch.no_grad():
        hints = model.hints(IMAGES, model.encode_text(ids))
        last = model.encode_image(IMAGES, hints)
    assert torch.equal(states[11].tokens, last.tokens)
    assert torch.equal(states[11].owner, last.owner)
    # Without a text there is nothing to guide, and all tokens stay.
    assert token_states(model, IMAGES)[11].num_patch_tokens == 64


def test_a_model_that_does_not_reduce_is_refused(tmp_path):
    model = build('ImageClassifier', tmp_path)
    batch = load_batch(model, 'ImageClassifier')
    with pytest.raises(ValueError, match='put ELIPPruningHook into'):
        token_states(model, batch['inputs'], batch['data_samples'])
