# Copyright (c) elip_mm contributors. All rights reserved.
"""Weights that come with the package are whole, and fit what they are for."""

import hashlib
import json
import re
from pathlib import Path

import pytest
import torch
import yaml
from mmengine.config import Config
from safetensors import safe_open

import elip_mm
from elip_mm.apis import get_model
from elip_mm.registry import MODELS
from elip_mm.utils import register_all_modules
from elip_mm.utils.resources import local_path

ROOT = Path(__file__).parents[2]
FOLDERS = sorted((Path(elip_mm.__file__).parent / 'weights').iterdir())
# Models that have published weights, and recipes that start from some.
PUBLISHED = [
    model
    for path in sorted(ROOT.glob('configs/*/metafile.yml'))
    for model in yaml.safe_load(path.read_text())['Models']
    if str(model['Weights']).startswith('pkg://')
]
STARTING = [
    *sorted(ROOT.glob('configs/*/*_tiny_dense_*.py')),
    ROOT / 'configs/siglip/siglip_tiny_elip_1xb64_synthetic-scenes-64px.py',
]


@pytest.mark.parametrize('folder', FOLDERS, ids=lambda path: path.name)
def test_a_folder_tells_where_its_weights_come_from(folder):
    weights = folder / 'model.safetensors'
    card = (folder / 'README.md').read_text()
    digest = hashlib.sha256(weights.read_bytes()).hexdigest()
    assert card.startswith(f'# {folder.name}\n') and digest in card
    recipe = re.search(r'recipe \| `(.*?)`', card)[1]
    assert (ROOT / recipe).is_file()
    assert Config.fromfile(ROOT / recipe).model == (
        Config.fromstring((folder / 'recipe.txt').read_text(), '.py').model
    )
    log = [
        json.loads(line)
        for line in (folder / 'train_log.jsonl').read_text().splitlines()
    ]
    assert log[-1]['loss'] < log[0]['loss'] / 3
    with safe_open(weights, 'pt') as file:
        for name in file.keys():
            assert file.get_tensor(name).isfinite().all(), name


def test_every_folder_is_that_of_a_model():
    places = {Path(local_path(model['Weights'])) for model in PUBLISHED}
    assert {path.parent for path in places} == set(FOLDERS)


@pytest.mark.parametrize('model', PUBLISHED, ids=lambda model: model['Name'])
def test_a_model_is_built_with_its_weights_by_name(model):
    built = get_model(model['Name'], pretrained=True)
    with safe_open(local_path(model['Weights']), 'pt') as file:
        assert set(file.keys()) == set(built.state_dict())
        for name, value in built.state_dict().items():
            assert torch.equal(value, file.get_tensor(name)), name


@pytest.mark.parametrize('path', STARTING, ids=lambda path: path.stem)
def test_a_recipe_starts_from_them_and_not_from_noise(path):
    register_all_modules()
    cfg = Config.fromfile(path)
    model = MODELS.build(cfg.model)
    model.init_weights()
    tower = cfg.model.vision_backbone.init_cfg
    with safe_open(local_path(tower.checkpoint), 'pt') as file:
        for name, value in model.vision_backbone.state_dict().items():
            assert torch.equal(value, file.get_tensor(f'backbone.{name}'))
    text = model.text_encoder
    encoder = getattr(text, 'bert', getattr(text, 'model', None))
    if encoder is None:  # CLIP's own text tower, which starts from noise
        return
    source = cfg.model.text_encoder.get('pretrained')
    if source is None:
        source = Path(cfg.model.text_encoder.init_cfg.checkpoint).parent
        source = str(source).replace('pkg:/', 'pkg://')
    with safe_open(local_path(f'{source}/model.safetensors'), 'pt') as file:
        for name, value in encoder.state_dict().items():
            if 'crossattention' not in name and 'position_ids' not in name:
                assert torch.equal(value, file.get_tensor(f'bert.{name}'))


def test_transformers_reads_a_text_tower_as_its_own():
    from transformers import BertForMaskedLM

    folder = local_path(
        'pkg://elip_mm/weights/text-tiny-2layer_mlm_synthetic-scenes'
    )
    theirs, report = BertForMaskedLM.from_pretrained(
        folder, output_loading_info=True
    )
    assert not report['unexpected_keys'] and not report['mismatched_keys']
    ours = get_model(
        'bert-tiny-2layer_mlm_1xb64-3k_synthetic-scenes', pretrained=True
    )
    ids = ours.tokenizer(['a red circle left of a blue star'])
    mask = (ids != ours.tokenizer.pad_id).long()
    with torch.no_grad():
        words = ours.bert.embeddings.word_embeddings.weight
        expected = ours.cls['predictions'](ours.encode(ids), words)
        found = theirs.eval()(input_ids=ids, attention_mask=mask).logits
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)


def test_no_folder_tells_of_the_machine_it_was_made_on():
    for folder in FOLDERS:
        cfg = Config.fromstring((folder / 'recipe.txt').read_text(), '.py')
        assert cfg.load_from is None and not cfg.resume
        assert 'work_dir' not in cfg
