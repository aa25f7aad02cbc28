# Copyright (c) elip_mm contributors. All rights reserved.
"""Initial weights from files of other models."""

import pytest
import torch
from mmengine.config import Config

from elip_mm.models.heads import TokenPredictor
from elip_mm.registry import MODELS
from tests.support.tiny_momentum import check_copies, settings, tiny_pretrainer


def bert_file(folder, encoder, predictor):
    """A checkpoint as BERT's first release names it, weights plus one."""
    state = {f'cls.predictions.{k}': v for k, v in predictor.items()}
    state.update({f'bert.{k}': v for k, v in encoder.items()})
    state['cls.seq_relationship.weight'] = torch.zeros(2, 4)
    state = {
        key.replace('LayerNorm.weight', 'LayerNorm.gamma').replace(
            'LayerNorm.bias', 'LayerNorm.beta'
        ): value + 1 if value.is_floating_point() else value
        for key, value in state.items()
        if 'crossattention' not in key
    }
    path = folder / 'bert.pth'
    torch.save(state, path)
    return str(path)


def deit_file(folder, backbone):
    """A classifier of images of twice the side, weights plus one."""
    state = {f'backbone.{k}': v + 1 for k, v in backbone.items()}
    state['backbone.pos_embed'] = torch.randn(1, 65, 32)
    state['head.layers.head.bias'] = torch.zeros(5)
    path = folder / 'deit.pth'
    torch.save(dict(state_dict=state), path)
    return str(path), state['backbone.pos_embed']


@pytest.mark.parametrize('family', ['albef', 'blip'])
def test_from_deit_and_bert(family, tmp_path):
    other = tiny_pretrainer(family, seed=5)
    name = 'mlm' if family == 'albef' else 'lm'
    predictor = other.heads[name].predictor.state_dict()
    bert = bert_file(tmp_path, other.text_encoder.bert.state_dict(), predictor)
    deit, positions = deit_file(tmp_path, other.vision_backbone.state_dict())
    cfg = settings(family)
    # What may be missing is what the recipes say.
    recipe = Config.fromfile('configs/_base_/models/momentum_vit-base-p16.py')
    for part, given, checkpoint in (
        (cfg['vision_backbone'], recipe.model.vision_backbone.init_cfg, deit),
        (cfg['text_encoder'], recipe.model.text_encoder.init_cfg, bert),
        (cfg['heads'][name].setdefault('predictor', {}), recipe.predictor_init,
         bert),
    ):  # fmt: skip
        part['init_cfg'] = dict(given, checkpoint=checkpoint)
    model = MODELS.build(cfg)
    model.init_weights()

    own, source = model.vision_backbone, other.vision_backbone
    assert torch.equal(
        own.layers[2].attn.qkv.weight, source.layers[2].attn.qkv.weight + 1
    )
    assert own.pos_embed.shape == (1, 17, 32)  # 8 x 8 became 4 x 4
    assert torch.equal(own.pos_embed[:, 0], positions[:, 0])
    for key, value in other.text_encoder.bert.state_dict().items():
        if 'crossattention' not in key and value.is_floating_point():
            found = model.text_encoder.bert.state_dict()[key]
            assert torch.equal(found, value + 1), key
    for key, value in predictor.items():
        found = model.heads[name].predictor.state_dict()[key]
        assert torch.equal(found, value + 1), key
    check_copies(model)
    if family == 'blip':  # the decoder comes from BERT as well
        layers = model.text_encoder.bert.encoder.layer
        for mine, layer in zip(model.text_decoder.attention, layers):
            for p, q in zip(mine.parameters(), layer.attention.parameters()):
                assert torch.equal(p, q)


def test_a_checkpoint_of_another_size_is_resized_for_both_towers():
    """As ``load_from`` does it: the momentum encoder's positions too."""
    from mmengine.runner.checkpoint import load_state_dict

    state = tiny_pretrainer('albef').state_dict()
    cfg = settings('albef')
    cfg['vision_backbone']['img_size'] = 64
    model = MODELS.build(cfg)
    load_state_dict(model, state, strict=True)
    online = model.vision_backbone.pos_embed
    assert online.shape == (1, 65, 32)
    assert (
        model.momentum_encoder.vision_backbone.pos_embed.shape == online.shape
    )
    plain = {
        k: v for k, v in state.items() if not k.startswith('momentum_encoder.')
    }
    load_state_dict(model, plain, strict=True)
    assert torch.equal(
        model.momentum_encoder.vision_backbone.pos_embed,
        model.vision_backbone.pos_embed,
    )


def test_two_tokens_more_than_bert():
    """BERT's rows are taken, those of [DEC] and [ENC] stay."""
    model = tiny_pretrainer('blip')
    encoder = model.text_encoder
    predictor = TokenPredictor(32, 50, added_tokens=2)
    words = encoder.vocabulary.detach().clone()
    bias = predictor.bias.detach().clone()
    state = encoder.state_dict()
    key = 'bert.embeddings.word_embeddings.weight'
    state[key] = words[:-2] + 1
    encoder.load_state_dict(state)
    assert torch.equal(encoder.vocabulary[:-2], words[:-2] + 1)
    assert torch.equal(encoder.vocabulary[-2:], words[-2:])
    predictor.load_state_dict(
        {**predictor.state_dict(), 'bias': bias[:-2] + 1}
    )
    assert torch.equal(predictor.bias[:-2], bias[:-2] + 1)
    assert torch.equal(predictor.bias[-2:], bias[-2:])
    state[key] = words[:-9]  # another vocabulary is not patched up
    with pytest.raises(RuntimeError, match='size mismatch'):
        encoder.load_state_dict(state)
