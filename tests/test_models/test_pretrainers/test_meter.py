# Copyright (c) elip_mm contributors. All rights reserved.
"""METER: two passes, whole words, any text tower, learning rates."""

import pytest
import torch
from mmengine import Config
from mmengine.optim import build_optim_wrapper
from mmpretrain.structures import DataSample

from elip_mm.datasets import MatchingPairs
from elip_mm.evaluation import MatchingAccuracy
from elip_mm.models.tokenizers import SceneTokenizer, continuing_tokens
from elip_mm.ops import choose_words, draw_mismatches
from elip_mm.registry import MODELS, TOKENIZER
from elip_mm.utils import register_all_modules
from tests.support.tiny import seeded

TINY = 'configs/meter/meter_tiny_elip_1xb32_synthetic-scenes-64px.py'
TEXTS = ['a red circle', 'a small blue star left of a green square']


def meter(**changes):
    register_all_modules()
    cfg = Config.fromfile(TINY)
    cfg.merge_from_dict(changes)
    with seeded():
        model = MODELS.build(cfg.model)
        model.init_weights()
    return model


def inputs(model, batch=4):
    draw = torch.Generator().manual_seed(0)
    images = torch.randn(batch, 3, 64, 64, generator=draw)
    return images, model.tokenizer(TEXTS * (batch // 2))


def test_a_step_reaches_every_parameter():
    model = meter()
    with seeded():
        losses = model.compute_losses(*inputs(model))
    total = sum(value for key, value in losses.items() if 'loss' in key)
    total.backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name


def test_each_pass_is_pruned_under_its_own_text():
    model, seen = meter(), []
    encode = model.vision_backbone.encode

    def watched(images, hints, *others):
        seen.append(hints.guidance)
        return encode(images, hints, *others)

    model.vision_backbone.encode = watched
    images, ids = inputs(model)
    with seeded():
        model.compute_losses(images, ids)
    masked, plain = seen
    assert torch.equal(plain, model.encode_text(ids).pooled)
    assert not torch.equal(masked, plain)


def test_loss_weights_are_honoured():
    one = meter()
    half = meter(**{'model.heads.itm.loss_weight': 0.5})
    losses = []
    for model in (one, half):
        with seeded():
            losses.append(model.compute_losses(*inputs(model)))
    torch.testing.assert_close(
        losses[1]['loss_itm'], 0.5 * losses[0]['loss_itm']
    )
    assert torch.equal(losses[1]['loss_mlm'], losses[0]['loss_mlm'])
    with pytest.raises(ValueError, match='leave the head out'):
        meter(**{'model.heads.mlm.loss_weight': 0})


def test_a_pass_without_its_head_is_left_out():
    model = meter()
    del model.heads['mlm']
    losses = model.compute_losses(*inputs(model))
    assert 'loss_itm' in losses and 'loss_mlm' not in losses


def test_half_of_the_images_are_replaced_by_others():
    draw = torch.Generator().manual_seed(3)
    for batch in (2, 3, 8, 65):
        rows, matched = draw_mismatches(batch, generator=draw)
        own = torch.arange(batch)
        assert matched.sum() == batch // 2
        assert torch.equal(rows == own, matched == 1)
    assert draw_mismatches(1)[1].tolist() == [1]


def test_whole_words_are_hidden_together():
    allowed = torch.tensor([[False] + [True] * 8 + [False]])
    continues = torch.tensor([[0, 0, 1, 1, 0, 0, 1, 0, 0, 0]]).bool()
    words = [(1, 2, 3), (4,), (5, 6), (7,), (8,)]
    draw = torch.Generator().manual_seed(0)
    shares = torch.zeros(10)
    for _ in range(400):
        chosen = choose_words(allowed, continues, 0.3, draw)[0]
        for word in words:
            assert len({bool(chosen[place]) for place in word}) == 1
        shares += chosen / 400
    assert shares[[0, 9]].sum() == 0
    assert (shares[1:9] - 0.3).abs().max() < 0.08


def test_pieces_of_a_word_are_found():
    tokenizer = SceneTokenizer()
    table = continuing_tokens(tokenizer.tokenizer)
    pieces = tokenizer.encode('zebra')
    assert table[pieces].tolist() == [False] + [True] * (len(pieces) - 1)
    assert not table[tokenizer.encode('circle')].any()
    assert not table[[tokenizer.pad_id, tokenizer.mask_id]].any()


def test_special_tokens_are_never_hidden():
    model = meter(**{'model.mask_ratio': 1.0})
    ids = model.tokenizer(TEXTS)
    hidden, labels = model.mask_text(ids)
    spared = torch.isin(ids, torch.tensor([0, 7, 191]))
    assert torch.equal(labels == -100, spared)
    assert torch.equal(hidden[spared], ids[spared])


@pytest.mark.parametrize('kind', ['roberta', 'distilbert', 'electra'])
def test_any_encoder_of_transformers_guides(kind):
    sizes = (
        dict(dim=64, n_layers=2, n_heads=4, hidden_dim=128)
        if kind == 'distilbert'
        else dict(
            hidden_size=64,
            num_hidden_layers=2,
            num_attention_heads=4,
            intermediate_size=128,
        )
    )
    if kind == 'roberta':
        sizes.update(pad_token_id=0)
    config = dict(_delete_=True, model_type=kind, **sizes)
    changes = dict(config=config, pretrained=None)
    model = meter(**{f'model.text_encoder.{k}': v for k, v in changes.items()})
    assert model.text_encoder.context_length == 32
    losses = model.compute_losses(*inputs(model))
    assert torch.isfinite(losses['loss_itm'])


def test_a_local_folder_is_read(tmp_path):
    source = meter().text_encoder
    source.model.save_pretrained(tmp_path)
    ours = MODELS.build(
        dict(
            type='elip_mm.HFTextEncoder',
            config=str(tmp_path),
            pretrained=str(tmp_path),
        )
    )
    ours.init_weights()
    for name, value in source.model.state_dict().items():
        assert torch.equal(ours.model.state_dict()[name], value), name


@pytest.mark.parametrize(
    'changes, message',
    [
        ({'model.fusion.text_dims': 32}, 'fusion.text_dims=64'),
        ({'model.heads.mlm.vocab_size': 99}, 'heads.mlm.vocab_size=192'),
        ({'model.text_encoder.config.model_type': 'nobody'}, 'nobody'),
        ({'model.text_encoder.config.pad_token_id': 1}, 'pad_token_id=0'),
    ],
)
def test_parts_that_do_not_fit_are_named(changes, message):
    with pytest.raises(ValueError, match=message):
        meter(**changes)


def test_whole_words_need_to_be_told_apart():
    @TOKENIZER.register_module(name='BareTokenizer', force=True)
    class BareTokenizer(SceneTokenizer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            del self.tokenizer

    with pytest.raises(ValueError, match='whole_words=False'):
        meter(
            **{
                'model.tokenizer.type': 'BareTokenizer',
                'model.whole_words': True,
            }
        )


def test_galleries_are_no_pairs():
    model = meter()
    samples = [DataSample()]
    samples[0].set_field(TEXTS, 'text')
    with pytest.raises(ValueError, match='MatchingPairs'):
        model.predict(inputs(model)[0][:1], samples)


def test_rates_are_five_fold_and_norms_undecayed():
    register_all_modules()
    base = 'configs/_base_/schedules/meter_adamw-linear_100k.py'
    model = meter()
    wrapper = build_optim_wrapper(model, Config.fromfile(base).optim_wrapper)
    groups = {
        id(group['params'][0]): group
        for group in wrapper.optimizer.param_groups
    }
    for name, parameter in model.named_parameters():
        group = groups[id(parameter)]
        fresh = name.startswith(('fusion.', 'heads.'))
        fresh &= 'token_type' not in name
        assert group['lr'] == pytest.approx(5e-5 if fresh else 1e-5), name
        spared = name.endswith('bias') or 'LayerNorm' in name
        spared |= '.ln' in name or 'norm' in name
        assert group['weight_decay'] == (0 if spared else 0.01), name
    assert wrapper._accumulative_counts == 16


def pairs(**kwargs):
    gallery = dict(
        type='elip_mm.SyntheticScenes',
        split='val',
        num_scenes=20,
        test_mode=True,
        pipeline=[
            dict(
                type='mmpretrain.PackInputs',
                algorithm_keys=['text', 'gt_text_id'],
            )
        ],
    )
    return MatchingPairs({**gallery, **kwargs})


def test_pairs_are_half_mismatches_and_always_the_same():
    register_all_modules()
    first, again = pairs(), pairs()
    gallery = first.gallery
    texts = [t for i in range(20) for t in gallery.get_data_info(i)['text']]
    for index in range(len(first)):
        sample = first[index]['data_samples']
        assert sample.text == again[index]['data_samples'].text
        true = {texts[c] for c in gallery.get_data_info(index)['gt_text_id']}
        matched = index % 2 == 0
        assert int(sample.gt_label) == matched
        assert (sample.text in true) == matched
    with pytest.raises(ValueError, match='test_mode'):
        pairs(test_mode=False)


def test_accuracy_counts_both_kinds():
    metric = MatchingAccuracy()
    judged = [(1, 1), (1, 1), (1, 0), (0, 0), (0, 1)]
    metric.process(
        [], [dict(gt_label=truth, pred_label=guess) for truth, guess in judged]
    )
    found = metric.evaluate(len(judged))
    assert found['itm/accuracy'] == pytest.approx(60)
    assert found['itm/matched'] == pytest.approx(200 / 3)
    assert found['itm/mismatched'] == pytest.approx(50)
