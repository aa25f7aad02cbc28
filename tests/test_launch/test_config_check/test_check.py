# Copyright (c) elip_mm contributors. All rights reserved.
"""What is misspelt or makes no sense is found; what is right passes."""

import ast
from pathlib import Path

import pytest
from mmengine.config import Config

import elip_mm
from elip_mm.launch.arguments import parse_options
from elip_mm.launch.config_check import (
    ConfigMistakes,
    check_config,
    find_mistakes,
)
from elip_mm.launch.config_check.sections import known_names

ROOT = Path(__file__).parents[3]
# All recipes in configs/ are checked in tests/test_configs.
IMPORTING = sorted((ROOT / 'elip_mm/configs/clip').glob('*.py'))
RECIPE = ROOT / 'configs/clip/clip_tiny_elip_1xb64_synthetic-scenes-64px.py'
METER = next(ROOT.glob('configs/meter/meter_tiny_elip_*.py'))
VIT, TRAIN = 'model.vision_backbone', 'train_dataloader'


@pytest.fixture(scope='module')
def recipe():
    """Reads a recipe once; gives copies."""
    text = {path: Config.fromfile(path) for path in (RECIPE, METER)}
    return lambda path=RECIPE: text[path].copy()


def mistakes(cfg, *options):
    """Path and text of each, after changes as on a command line."""
    changes = parse_options(options)
    cfg.merge_from_dict(changes)
    return [(f.key, f.text) for f in find_mistakes(cfg, changes)]


@pytest.mark.parametrize('path', IMPORTING, ids=lambda path: path.stem)
def test_a_config_that_imports_its_types_is_checked_as_well(path):
    assert not find_mistakes(Config.fromfile(path))
    ((key, text),) = mistakes(Config.fromfile(path), f'{VIT}.imgsize=3')
    assert key == f'{VIT}.imgsize' and 'did you mean img_size?' in text


@pytest.mark.parametrize(
    'key, meant',
    [
        # At the top.
        ('train_dataloder', 'train_dataloader'),
        ('randomnes.seed', 'randomness'),
        ('resum', 'resume'),
        ('load_strickt', 'load_strict'),
        ('log_lvel', 'log_level'),
        ('param_schedulers', 'param_scheduler'),
        # Of the runner.
        ('randomness.sed', 'seed'),
        ('env_cfg.dist_cfgg.backend', 'dist_cfg'),
        ('env_cfg.dist_cfg.backnd', 'backend'),
        ('env_cfg.mp_cfg.mp_start_metod', 'mp_start_method'),
        ('auto_scale_lr.base_batch_siz', 'base_batch_size'),
        ('train_cfg.max_epoch', 'max_epochs'),
        ('val_cfg.fp_16', 'fp16'),
        ('log_processor.window_siz', 'window_size'),
        ('visualizer.vis_backend', 'vis_backends'),
        ('visualizer.vis_backends.0.save_dirr', 'save_dir'),
        ('default_hooks.loggr.interval', 'logger'),
        ('default_hooks.logger.intervall', 'interval'),
        ('default_hooks.checkpoint.max_keep_ckpt', 'max_keep_ckpts'),
        # Of optimizer and schedule.
        ('optim_wrapper.accumulative_count', 'accumulative_counts'),
        ('optim_wrapper.optimizer.weight_decy', 'weight_decay'),
        ('optim_wrapper.clip_grad.max_nom', 'max_norm'),
        ('optim_wrapper.paramwise_cfg.norm_decay_mul', 'norm_decay_mult'),
        ('optim_wrapper.paramwise_cfg.custom_keys.a.lr_mul', 'lr_mult'),
        ('param_scheduler.0.start_facter', 'start_factor'),
        # Of data.
        (f'{TRAIN}.bach_size', 'batch_size'),
        (f'{TRAIN}.sampler.shufle', 'shuffle'),
        (f'{TRAIN}.dataset.num_scene', 'num_scenes'),
        (f'{TRAIN}.dataset.pipeline.0.meta_key', 'meta_keys'),
        ('data_preprocessor.men', 'mean'),
        ('val_evaluator.top_k', 'topk'),
        # Of the model.
        (f'{VIT}.arch.num_layerz', 'num_layers'),
        (f'{VIT}.imgsize', 'img_size'),
        (f'{VIT}.patch_cfg.biass', 'bias'),
        (f'{VIT}.norm_cfg.epsi', 'eps'),
        (f'{VIT}.reducer.text_wait', 'text_weight'),
        ('model.text_encodr.width', 'text_encoder'),
        ('model.heads.contrastive.init_scal', 'init_scale'),
        ('model.init_cfg.type=TruncNormal model.init_cfg.st', 'std'),
    ],
)
def test_a_misspelt_key_names_the_one_that_was_meant(recipe, key, meant):
    found = mistakes(recipe(), *f'{key}=1'.split())
    keys = [path for path, _ in found]
    wrong = key.split()[-1]
    assert any(wrong.startswith(path) for path in keys), found
    assert any(f'did you mean {meant}?' in text for _, text in found)


def test_a_config_of_transformers_is_checked(recipe):
    key = 'model.text_encoder.config.num_hiden_layers'
    ((path, text),) = mistakes(recipe(METER), f'{key}=3')
    assert path == key and 'did you mean num_hidden_layers?' in text


@pytest.mark.parametrize(
    'option, text',
    [
        ('optim_wrapper.optimizer.type=AdamWW', 'did you mean AdamW?'),
        ('optim_wrapper.constructor=Custom', 'there is no constructor'),
        ('optim_wrapper.clip_grad.type=nrom', "is 'norm' or 'value'"),
        ('model.type=elip_mm.CLIPPretainer', 'elip_mm.CLIPPretrainer?'),
        (f'{VIT}.reducer.type=elip_mm.ELIPReducr', 'elip_mm.ELIPReducer?'),
        (f'{VIT}.norm_cfg.type=LNN', 'there is no'),
        (f'{VIT}.arch=bas', 'did you mean base?'),
        ('train_cfg.max_epochs=0', 'from 1 on, but got 0'),
        ('train_cfg.max_epochs=2.5', 'from 1 on, but got 2.5'),
        ('train_cfg.val_interval=0', 'from 1 on, but got 0'),
        ('train_cfg.val_begin=99', 'comes after the end of training at 3'),
        (f'{TRAIN}.batch_size=0', 'from 1 on, but got 0'),
        (f'{TRAIN}.num_workers=-1', 'from 0 on, but got -1'),
        (f'{TRAIN}.dataset.image_size=60', 'made for img_size=64'),
        ('default_hooks.logger.interval=0', '-1 means never'),
        ('default_hooks.checkpoint.max_keep_ckpts=0', '-1 means all'),
        ('optim_wrapper.accumulative_counts=0', 'from 1 on, but got 0'),
        ('optim_wrapper.optimizer.lr=0', 'above zero, but got 0'),
        ('optim_wrapper.clip_grad.max_norm=0', 'above zero, but got 0'),
        ('auto_scale_lr.base_batch_size=0', 'from 1 on, but got 0'),
        ('log_processor.window_size=0', 'from 1 on, but got 0'),
        ('log_level=LOUD', 'is one of DEBUG'),
        ('randomness.seed=abc', "from 0 on, but got 'abc'"),
        ('resume=a.pth', "is True or False, but got 'a.pth'"),
        ('load_strict=no', "is True or False, but got 'no'"),
        (f'{VIT}.pre_norm=yes', "is True or False, but got 'yes'"),
        (f'{VIT}.patch_size=7', 'must divide img_size=64'),
        (f'{VIT}.img_size=0', 'is a number of pixels'),
        (f'{VIT}.reducer.stages=[]', 'is empty'),
        (f'{VIT}.arch.num_heads=5', 'must divide embed_dims=64'),
        ('model.text_encoder.num_heads=5', 'must divide embed_dims=64'),
        ('model.text_neck.out_channels=32', 'that of model.vision_neck, 64'),
        ('model=3', 'is a dict, but got 3'),
        ('custom_hooks=3', 'is a list of hooks'),
        ('default_hooks=3', 'is a dict of hooks by name'),
        ('width=128', 'does nothing on the command line'),
    ],
)
def test_what_makes_no_sense_is_named(recipe, option, text):
    found = mistakes(recipe(), option)
    key = option.split('=')[0]
    assert found and all(path == key for path, _ in found)
    assert any(text in message for _, message in found)


def test_a_pipeline_must_give_the_size_of_the_tower(recipe):
    cfg = recipe()
    crop = dict(type='mmpretrain.CenterCrop', crop_size=60)
    cfg.val_dataloader.dataset = dict(type='elip_mm.ImageTextPairs')
    cfg.val_dataloader.dataset.pipeline = [crop]
    ((path, text),) = mistakes(cfg)
    assert path == 'val_dataloader.dataset.pipeline.0.crop_size'
    assert 'gives images of 60' in text
    crop['crop_size'] = 64
    cfg.val_dataloader.dataset.pipeline = [crop]
    assert not mistakes(cfg)


@pytest.mark.parametrize(
    'option',
    [
        'optim_wrapper.paramwise_cfg.custom_keys.anything.lr_mult=0.1',
        'optim_wrapper.paramwise_cfg.custom_keys.anything.eps=1e-8',
        f'{TRAIN}.dataset.metainfo.anything=1',
        f'{TRAIN}.pin_memory=True',
        'default_hooks.mine.type=EMAHook',
        'default_hooks.checkpoint.interval=-1',
        'default_hooks.logger=None',
        'val_cfg=None',
        'param_scheduler=None',
        'env_cfg.dist_cfg.timeout=1800',
        'randomness.seed=None',
        'find_unused_parameters=True',
        'load_from=a.pth',
    ],
)
def test_what_is_free_stays_free(recipe, option):
    assert not mistakes(recipe(), option)


def test_a_part_may_be_left_unchecked(recipe):
    cfg = recipe()
    cfg.merge_from_dict({f'{VIT}.mine': 1, f'{TRAIN}.mine': 1})
    cfg.unchecked = [VIT]
    assert [path for path, _ in mistakes(cfg)] == [f'{TRAIN}.mine']


def test_all_mistakes_are_told_at_once_with_their_places(tmp_path):
    (tmp_path / 'base.py').write_text(
        'width = 8\nbatch_size = width\n'
        'loader = dict(\n    bach_size=batch_size)\n'
    )
    path = tmp_path / 'config.py'
    path.write_text(
        "_base_ = './base.py'\n"
        'resum = True\n'
        'helper = 3\n'
        'train_dataloader = _base_.loader\n'
        'train_cfg = dict(\n    by_epoch=True,\n    max_epochs=0)\n'
    )
    options = {'randomness.sed': 1}
    cfg = Config.fromfile(path)
    cfg.merge_from_dict(options)
    with pytest.raises(ConfigMistakes) as error:
        check_config(cfg, options)
    first, *lines = str(error.value).splitlines()
    assert first == f'{path} has 4 mistakes:'
    for line, (key, place) in zip(
        lines,
        [
            ('resum', 'config.py:2'),
            ('train_dataloader.bach_size', 'base.py:4'),
            ('randomness.sed', '--cfg-options'),
            ('train_cfg.max_epochs', 'config.py:7'),
        ],
    ):
        where = line.split('): ')[0]
        assert where.startswith(f'  {key} (') and where.endswith(place)


def test_variables_of_ones_own_pass_if_something_reads_them(tmp_path):
    path = tmp_path / 'config.py'
    path.write_text('randomnes = dict(seed=1)\nrandomness = randomnes\n')
    assert not mistakes(Config.fromfile(path))
    path.write_text('randomnes = dict(seed=1)\n')
    ((key, text),) = mistakes(Config.fromfile(path))
    assert key == 'randomnes' and 'nothing reads it; did you mean' in text


def test_every_setting_that_our_code_reads_is_known():
    read = set()
    for path in Path(elip_mm.__file__).parent.rglob('*.py'):
        for node in ast.walk(ast.parse(path.read_text())):
            if (
                isinstance(node, ast.Call)
                and ast.unparse(node.func)
                in ('cfg.get', 'runner.cfg.get', 'self.runner.cfg.get')
                and isinstance(node.args[0], ast.Constant)
            ):
                read.add(node.args[0].value)
    assert read - {'reducer'} <= known_names()
