# Copyright (c) elip_mm contributors. All rights reserved.
"""A part starts from its file whole, or the training does not start."""

import pytest
import torch
from mmengine.model import PretrainedInit as LenientInit
from mmengine.model import initialize
from mmpretrain.models import VisionTransformer
from safetensors.torch import save_file
from torch import nn

from elip_mm.checkpoint import PretrainedInit, has_pretrained
from tests.support.tiny import ARCH, perturb, tiny_clip

PARTS = dict(vision_backbone='image_encoder.', text_encoder='text.')


@pytest.fixture(scope='module', params=['pth', 'safetensors'])
def base(request, tmp_path_factory):
    """Weights of a base model under other names, and its file."""
    source = perturb(tiny_clip(), seed=7)
    weights = {
        prefix + key: value
        for name, prefix in PARTS.items()
        for key, value in source.get_submodule(name).state_dict().items()
    }
    path = tmp_path_factory.mktemp('base') / f'base.{request.param}'
    if request.param == 'pth':
        torch.save(dict(state_dict=weights, meta=dict(epoch=1)), path)
    else:
        save_file(weights, path)
    return source, str(path)


@pytest.fixture
def body(tmp_path):
    """File of a small part."""
    path = tmp_path / 'body.pth'
    torch.save(small(seed=3).state_dict(), path)
    return str(path)


def small(width=4, seed=0):
    torch.manual_seed(seed)
    return nn.ModuleDict(
        dict(fc=nn.Linear(3, width), norm=nn.LayerNorm(width))
    )


def start(model, path, kinds):
    """Model whose two towers start from the file."""
    for name, prefix in PARTS.items():
        entry = dict(type=kinds, checkpoint=path, prefix=prefix)
        if isinstance(kinds, tuple):
            entry = [dict(entry, type=kinds[0]), dict(type=kinds[1], std=1.0)]
        model.get_submodule(name).init_cfg = entry
    model.init_weights()
    return model


@pytest.mark.parametrize(
    'kinds',
    ['Pretrained', 'elip_mm.Pretrained', 'mmengine.Pretrained', LenientInit,
     PretrainedInit, ('Pretrained', 'TruncNormal')],
)  # fmt: skip
def test_both_towers_start_from_the_file(base, kinds):
    source, path = base
    model = start(tiny_clip(), path, kinds)
    for name in PARTS:
        expected = source.get_submodule(name).state_dict()
        for key, value in model.get_submodule(name).state_dict().items():
            assert torch.equal(value, expected[key]), f'{name}.{key}'
    assert has_pretrained(model.vision_backbone.init_cfg)  # is as it was


def test_positions_are_resized(base):
    source, path = base
    tower = dict(
        type='elip_mm.PrunedViT',
        arch=ARCH,
        img_size=32,
        patch_size=8,
        pre_norm=True,
    )
    model = start(tiny_clip(vision_backbone=tower), path, 'Pretrained')
    own, theirs = model.vision_backbone, source.vision_backbone
    assert own.pos_embed.shape == (1, 17, 96)
    assert torch.equal(own.pos_embed[:, 0], theirs.pos_embed[:, 0])
    assert torch.equal(own.ln1.weight, theirs.ln1.weight)


def test_parts_of_the_parent_library_are_as_strict(base):
    """The default scope of our configs decides; mmengine's own only warns."""
    _, path = base
    tower = VisionTransformer(
        arch=ARCH,
        img_size=64,
        patch_size=8,
        init_cfg=dict(
            type='Pretrained', checkpoint=path, prefix='image_encoder.'
        ),
    )
    with pytest.raises(ValueError) as error:  # it has no pre_norm
        tower.init_weights()
    assert 'does not fit VisionTransformer:' in str(error.value)
    assert 'missing in the file: patch_embed.projection.bias\n' in str(
        error.value
    )
    assert 'unknown to the model: pre_norm.' in str(error.value)
    tower = VisionTransformer(
        arch=ARCH,
        init_cfg=dict(type='elip_mm.Pretrained', checkpoint=path),
    )
    with pytest.raises(ValueError, match="not 'elip_mm.Pretrained'"):
        tower.init_weights()  # mmengine would draw over it


def test_a_file_without_any_weight_of_the_part(base):
    _, path = base
    text_encoder = tiny_clip().text_encoder
    with pytest.raises(ValueError) as error:
        PretrainedInit(path)(text_encoder)
    assert 'no weight of CLIPTextEncoder: it holds' in str(error.value)
    assert "set prefix='text.'?" in str(error.value)
    with pytest.raises(ValueError, match=r"\(prefix 'words.'\) has no weight"):
        PretrainedInit(path, 'words.')(text_encoder)


def test_what_does_not_fit_is_named(body):
    with pytest.raises(ValueError) as error:
        PretrainedInit(body)(small(width=5))
    assert 'of another shape: fc.weight is [4, 3], not [5, 3]' in str(
        error.value
    )
    other = small()
    other['head'] = nn.Linear(4, 2)
    del other['norm']
    with pytest.raises(ValueError) as error:
        PretrainedInit(body)(other)
    assert str(error.value).splitlines()[:3] == [
        f'{body} does not fit ModuleDict:',
        '  missing in the file: head.weight, head.bias',
        '  unknown to the model: norm.weight, norm.bias',
    ]
    with pytest.raises(ValueError, match='missing in the file: head.bias\n'):
        PretrainedInit(
            body, allow_missing=['head.w*'], allow_unexpected=['norm.*']
        )(other)


def test_what_the_config_names_may_differ(body):
    other, own = small(), nn.Linear(4, 2)
    other['head'] = own
    before = own.weight.clone()
    initialize(
        other,
        dict(type='Pretrained', checkpoint=body, allow_missing=['head.*']),
    )
    assert torch.equal(other['fc'].weight, small(seed=3)['fc'].weight)
    assert torch.equal(own.weight, before)
    with pytest.raises(ValueError, match=r"allow_missing=\['head.\*'\]"):
        PretrainedInit(body, allow_missing='head.*')


def test_a_file_of_something_else(tmp_path):
    path = tmp_path / 'list.pth'
    torch.save([1, 2], path)
    with pytest.raises(ValueError, match='holds a list'):
        PretrainedInit(str(path))(small())
    broken = tmp_path / 'broken.safetensors'
    broken.write_bytes(b'\x08' + bytes(7) + b'{"a": 1}')
    with pytest.raises(ValueError, match='no file of safetensors'):
        PretrainedInit(str(broken))(small())
