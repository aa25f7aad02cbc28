# Copyright (c) elip_mm contributors. All rights reserved.
"""The whole CLIP step is one graph, from images and token ids to the loss."""

from pathlib import Path

import pytest
import torch
from mmengine import Config

from elip_mm.registry import MODELS
from elip_mm.utils import register_all_modules
from tests.support.tiny import traceable

RECIPE = (
    Path(__file__).parents[3]
    / 'configs/clip/clip_tiny-from-noise_elip_1xb64_synthetic-scenes-64px.py'
)
# Towers are traced layer by layer, so these have few.
SHALLOW = {
    'model.vision_backbone.arch.num_layers': 4,
    'model.vision_backbone.reducer.stages': [
        dict(layer=1, look_ahead=1, keep_ratio=0.75),
        dict(layer=2, look_ahead=2, keep_ratio=0.5),
    ],
    'model.text_encoder.num_layers': 2,
}


@pytest.mark.no_cover
@traceable
def test_clip_step_compiles_without_a_graph_break():
    register_all_modules()
    torch._dynamo.reset()
    cfg = Config.fromfile(RECIPE)
    cfg.merge_from_dict(SHALLOW)
    model = MODELS.build(cfg.model)
    images = torch.randn(4, 3, 64, 64)
    ids = model.tokenizer(['a red circle', 'a blue star'] * 2)
    plain = model.compute_losses(images, ids)['loss_contrastive']
    plain.backward()
    expected = [parameter.grad for parameter in model.parameters()]
    model.zero_grad(set_to_none=True)

    step = torch.compile(
        model.compute_losses, fullgraph=True, backend='aot_eager'
    )
    loss = step(images, ids)['loss_contrastive']
    loss.backward()
    torch.testing.assert_close(loss, plain)
    for parameter, gradient in zip(model.parameters(), expected):
        torch.testing.assert_close(parameter.grad, gradient)
