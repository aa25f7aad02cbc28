# Copyright (c) elip_mm contributors. All rights reserved.
"""Examples of the documentation work as they are."""

import re

import pytest
import torch
from mmpretrain.structures import DataSample

import elip_mm.registry as nodes
from elip_mm.apis import init_model
from elip_mm.registry import DATASETS, MODELS
from tests.support.tiny import (
    GUIDANCE,
    IMAGES,
    random_ids,
    tiny_clip,
    tiny_vit,
)

from . import DOCS, ROOT, section

PAGE = DOCS / 'how_to/extend.md'
REGISTRIES = (
    'DATASETS',
    'MODELS',
    'MODEL_ADAPTERS',
    'SIGNALS',
    'TASK_UTILS',
    'TOKEN_REDUCERS',
)


@pytest.fixture
def run():
    """Run the examples of a section; registries forget them afterwards."""
    known = [getattr(nodes, name).module_dict for name in REGISTRIES]
    before = [dict(node) for node in known]

    def run(heading, page=PAGE):
        names = {}
        for code in re.findall(
            r'^```python\n(.*?)^```', section(page, heading), re.M | re.S
        ):
            exec(compile(code, f'{page.name}: {heading}', 'exec'), names)
        return names

    yield run
    for node, old in zip(known, before):
        node.clear()
        node.update(old)


def hints(**kwargs):
    from elip_mm.structures import Hints

    return Hints(**kwargs)


def samples():
    made = []
    for index in range(len(IMAGES)):
        sample = DataSample().set_gt_label(index)
        sample.set_field('a text', 'text')
        made.append(sample)
    return made


def with_words(model):
    """Give a tiny model a tokenizer for texts."""
    model.tokenizer = lambda texts: random_ids(len(texts))
    return model


def test_a_reducer(run):
    run('## A reducer')
    vit = tiny_vit(dict(type='elip_mm.TextMatchReducer', keep_ratio=0.25))
    state = vit.encode(IMAGES, hints(guidance=GUIDANCE))
    assert state.num_patch_tokens == 16
    assert vit.encode(IMAGES).num_patch_tokens == 64
    vit.set_pruning_strength(0.0)
    plain = tiny_vit().encode(IMAGES).tokens
    eased = vit.encode(IMAGES, hints(guidance=GUIDANCE)).tokens
    assert torch.equal(eased, plain)


def test_a_reducer_with_a_new_signal(run):
    run('## A reducer with a new signal')
    vit = tiny_vit(dict(type='elip_mm.PatchContrastReducer'))
    images = IMAGES.clone()
    images[:, :, :32] = 0  # no contrast in the upper half
    state = vit.encode(images)
    assert ((state.owner >= 0) == (torch.arange(64) >= 32)).all()


def test_a_model(run):
    names = run('## A model (pre-trainer)')
    heads = {
        name: dict(type='elip_mm.CosineHead', name=name)
        for name in ('dense', 'reduced')
    }
    reducer = dict(type='elip_mm.ELIPReducer')
    model = tiny_clip(reducer, type='elip_mm.TwoViewPretrainer', heads=heads)
    assert isinstance(model, names['TwoViewPretrainer'])
    passes = list(model.passes(IMAGES, random_ids(3)))
    assert [len(heads) for _, heads in passes] == [1, 1]
    lengths = [pairs.vision.num_patch_tokens for pairs, _ in passes]
    assert lengths[0] == 64 > lengths[1]
    losses = model.compute_losses(IMAGES, random_ids(3))
    assert set(losses) == {'loss_dense', 'loss_reduced'}
    assert all(0 < loss < 2 for loss in losses.values())


def test_a_task(run):
    run('## A task')
    task = dict(type='elip_mm.PairSimilarity')
    model = with_words(tiny_clip(task=task))
    predicted = model(IMAGES, samples(), mode='predict')
    assert all(abs(sample.similarity) <= 1 for sample in predicted)

    settings = dict(type='elip_mm.AnswerModel', num_classes=5, joint_dims=32)
    model = with_words(tiny_clip(heads=None, **settings))
    losses = model(IMAGES, samples(), mode='loss')
    losses['loss_answer'].backward()
    assert model.classifier.weight.grad.abs().sum() > 0
    predicted = model(IMAGES, samples(), mode='predict')
    assert [len(sample.pred_score) for sample in predicted] == [5] * 3


def test_a_data_set(run, tmp_path):
    run('## A data set')
    (tmp_path / 'pairs.tsv').write_text('a.jpg\ta dog\nb.jpg\ta red kite\n')
    data = DATASETS.build(
        dict(
            type='elip_mm.TabSeparatedPairs',
            data_root=str(tmp_path),
            ann_file='pairs.tsv',
            data_prefix=dict(img_path='images'),
        )
    )
    assert [data.get_data_info(i)['text'] for i in range(len(data))] == [
        'a dog',
        'a red kite',
    ]
    path = data.get_data_info(1)['img_path']
    assert path == str(tmp_path / 'images/b.jpg')


def test_an_adapter(run):
    adapter = run('## An adapter')['CaptionedClassifierAdapter']()
    seen = []

    class Model:
        text_width = 96

        def read(self, texts):
            seen.extend(texts)
            return GUIDANCE

    assert adapter.text_width(Model()) == 96
    guidance = adapter.guide(Model(), IMAGES, samples(), 'loss')
    assert torch.equal(guidance, GUIDANCE) and seen == ['a text'] * 3


def test_a_model_by_name(run, capsys):
    made = run('## Use a model in Python', DOCS / 'get_started/first_run.md')
    assert 'clip_tiny_elip_1xb64_synthetic-scenes-64px' in (
        capsys.readouterr().out
    )
    assert made['similarity'].shape == (2, 2)
    assert made['similarity'].abs().max() <= 1


def test_another_text_encoder(tmp_path):
    page = DOCS / 'how_to/text_encoders.md'
    (code,) = re.findall(
        r'^```python\n(.*?)^```', page.read_text(), re.M | re.S
    )
    path = tmp_path / 'other.py'
    path.write_text(code.replace("'./", f"'{ROOT}/configs/clip/"))
    model = init_model(path).train()
    losses = model.compute_losses(IMAGES, random_ids(len(IMAGES)))
    model.parse_losses(losses)[0].backward()
    assert all(p.grad is None for p in model.text_encoder.parameters())
    assert model.text_neck.proj.grad.shape == (96, 64)


def test_a_low_rank_adaptation(tmp_path):
    page = DOCS / 'how_to/fine_tuning.md'
    (code,) = re.findall(
        r'^```python\n(.*?)^```', section(page, '## LoRA'), re.M | re.S
    )
    path = tmp_path / 'adapted.py'
    path.write_text(code.replace("'./", f"'{ROOT}/configs/clip/"))
    model = init_model(path).train()
    losses = model.compute_losses(IMAGES, random_ids(len(IMAGES)))
    model.parse_losses(losses)[0].backward()
    for tower in (model.vision_backbone, model.text_encoder):
        trained = {n for n, p in tower.named_parameters() if p.requires_grad}
        assert trained and all('.lora_' in name for name in trained)
    assert model.vision_neck.proj.grad is not None


def test_registries_forget_the_examples():
    assert 'AnswerModel' not in MODELS.module_dict
