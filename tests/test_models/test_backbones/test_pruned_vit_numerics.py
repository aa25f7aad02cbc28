# Copyright (c) elip_mm contributors. All rights reserved.
"""Half precision and compilation.

Acceptance: autocast, compile-export.
"""

import pytest
import torch
from torch import nn

from elip_mm.models.layers import no_dropout
from elip_mm.structures import Hints
from tests.support.tiny import (
    ARCH,
    ELIP,
    GUIDANCE,
    HINTS,
    IMAGES,
    tiny_vit,
    traceable,
)
from tests.test_parity.recorder import Recorder

HALVES = [
    pytest.param('cpu', torch.bfloat16, id='cpu-bf16'),
    *(
        pytest.param(
            'cuda',
            dtype,
            id=f'cuda-{str(dtype)[6:]}',
            marks=pytest.mark.skipif(
                not torch.cuda.is_available(), reason='needs a CUDA device'
            ),
        )
        for dtype in (torch.float16, torch.bfloat16)
    ),
]


def run(vit, device, **autocast):
    """One pass, with what its stages decided."""
    recorder = Recorder(vit)
    with torch.autocast(device, **autocast):
        out = vit(IMAGES.to(device), Hints(guidance=GUIDANCE.to(device)))[0]
    return out, recorder


@pytest.mark.parametrize('device, dtype', HALVES)
def test_every_weight_gets_a_gradient_under_autocast(device, dtype):
    """A cast cached in the look-ahead must not cut gradients.

    Acceptance: autocast.
    """
    vit = tiny_vit(ELIP).to(device).train()
    out, recorder = run(vit, device, dtype=dtype)
    out.float().square().mean().backward()
    assert len(recorder.scores) == 3
    for score, plan in zip(recorder.scores, recorder.plans):
        assert score.dtype == plan.weight.dtype == torch.float32
    for name, parameter in vit.named_parameters():
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name
        assert parameter.grad.abs().sum() > 0, name


@pytest.mark.parametrize('device, dtype', HALVES)
def test_autocast_changes_close_races_only(device, dtype):
    """In the first stage: later ones see other tokens already.

    Acceptance: autocast.
    """
    full, half = (
        run(tiny_vit(ELIP).to(device), device, **autocast)[1]
        for autocast in (dict(enabled=False), dict(dtype=dtype))
    )
    for scores, kept, other in zip(full.scores[0], full.kept[0], half.kept[0]):
        threshold = scores.sort(descending=True).values[len(kept) - 1]
        differing = set(kept.tolist()) ^ set(other.tolist())
        for position in differing:
            assert abs(scores[position - 1] / threshold - 1) <= 0.02


def test_casts_of_a_look_ahead_are_not_cached():
    """Torch 2.4 would hand them, without gradient, to all.

    Acceptance: autocast.
    """
    linear = nn.Linear(4, 4)
    with torch.autocast('cpu', dtype=torch.bfloat16):
        with torch.no_grad(), no_dropout(linear):
            linear(torch.randn(2, 4))
            assert not torch.is_autocast_cache_enabled()
        assert torch.is_autocast_cache_enabled()
        with pytest.raises(KeyError), no_dropout(linear):
            raise KeyError
        assert torch.is_autocast_cache_enabled()
        linear(torch.randn(2, 4)).sum().backward()
    assert linear.weight.grad is not None


def test_weights_in_half_precision():
    vit = tiny_vit(ELIP).bfloat16()
    out = vit(IMAGES.bfloat16(), Hints(guidance=GUIDANCE.bfloat16()))[0]
    assert out.dtype == torch.bfloat16 and torch.isfinite(out).all()


# Four layers and all that a stage can do: a tower is traced layer by layer.
SHALLOW = dict(
    ELIP,
    stages=[
        dict(layer=1, look_ahead=1, keep_ratio=0.75),
        dict(layer=2, look_ahead=2, keep_ratio=0.5),
    ],
)


@pytest.mark.no_cover
@traceable
@pytest.mark.parametrize('reducer', [None, SHALLOW], ids=['plain', 'elip'])
def test_compiles_with_checkpointing(reducer):
    """Without checkpointing it is in the reducers' contracts.

    Acceptance: compile-export.
    """
    torch._dynamo.reset()
    arch = dict(ARCH, num_layers=4)
    vit = tiny_vit(reducer, arch=arch, with_cp=True).train()
    compiled = torch.compile(vit, fullgraph=True, backend='eager')
    ours, plain = compiled(IMAGES, HINTS)[0], vit(IMAGES, HINTS)[0]
    torch.testing.assert_close(ours, plain)
    ours.sum().backward()
