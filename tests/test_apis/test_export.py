# Copyright (c) elip_mm contributors. All rights reserved.
"""Image towers run without the library that trained them.

Acceptance: compile-export.
"""

from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine import Config

from elip_mm.apis.export import export_tower
from elip_mm.registry import MODELS
from elip_mm.utils import register_all_modules

CONFIGS = Path(__file__).parents[2] / 'configs/clip'
IMAGES = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))


@pytest.fixture(scope='module', params=[False, True], ids=['plain', 'vision'])
def tower(request):
    register_all_modules()
    path = CONFIGS / 'clip_tiny_elip_1xb64_synthetic-scenes-64px.py'
    cfg = Config.fromfile(path)
    if request.param:
        cfg.model.vision_backbone.reducer.without_guidance = 'vision'
    return MODELS.build(cfg.model).eval(), request.param


def expected(model, reduce):
    with torch.no_grad():
        return model.embed_image(model.encode_image(IMAGES, reduce=reduce))


def test_torch_export(tower, tmp_path):
    model, reduce = tower
    path = export_tower(
        model, tmp_path / 'tower.pt2', batch_size=2, reduce=reduce
    )
    program = torch.export.load(path)
    torch.testing.assert_close(
        program.module()(IMAGES), expected(model, reduce)
    )


def test_onnx(tower, tmp_path):
    pytest.importorskip('onnxscript', reason='ONNX is an optional extra')
    runtime = pytest.importorskip('onnxruntime')
    model, reduce = tower
    path = export_tower(
        model, tmp_path / 'tower.onnx', batch_size=2, reduce=reduce
    )
    session = runtime.InferenceSession(str(path))
    name = session.get_inputs()[0].name
    (features,) = session.run(None, {name: IMAGES.numpy()})
    np.testing.assert_allclose(features, expected(model, reduce), atol=1e-5)


def test_reduction_without_text_must_reduce(tmp_path):
    register_all_modules()
    cfg = Config.fromfile(
        CONFIGS / 'clip_tiny_elip_1xb64_synthetic-scenes-64px.py'
    )
    model = MODELS.build(cfg.model)
    with pytest.raises(ValueError, match="without_guidance='vision'"):
        export_tower(model, tmp_path / 'tower.pt2', reduce=True)


def test_unknown_ending(tower, tmp_path):
    with pytest.raises(ValueError, match='.pt2 or .onnx'):
        export_tower(tower[0], tmp_path / 'tower.bin')
