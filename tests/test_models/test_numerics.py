# Copyright (c) elip_mm contributors. All rights reserved.
"""Acceptance checks 16 and 18: half precision and compilation."""

import pytest
import torch

from ..tiny import ELIP, GUIDANCE, IMAGES, tiny_vit

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


@pytest.mark.parametrize('device, dtype', HALVES)
def test_autocast(device, dtype):
    """Check 16; and a cast cached without gradient must not cut any."""
    vit = tiny_vit(ELIP).to(device).train()
    images, guidance = IMAGES.to(device), GUIDANCE.to(device)
    scores, plans = watch(vit)
    vit(images, guidance)
    full, full_plans = list(scores), list(plans)
    scores.clear(), plans.clear()
    with torch.autocast(device, dtype=dtype):
        out = vit(images, guidance)[0]
    out.float().square().mean().backward()

    assert all(score.dtype == torch.float32 for score in scores)
    for name, parameter in vit.named_parameters():
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name
        assert parameter.grad.abs().sum() > 0, name
    # Where the two runs differ in the first stage, it was a close race.
    kept = [
        plan.target < plan.num_tokens - 1 for plan in (full_plans[0], plans[0])
    ]
    for row, differs in enumerate(kept[0] != kept[1]):
        threshold = full[0][row, 1:].sort(descending=True).values[56]
        close = full[0][row][differs]
        assert ((close / threshold - 1).abs() <= 0.02).all()


def watch(vit):
    """Record the scores and plans of all stages."""
    scores, plans = [], []
    look_ahead, decide = vit.look_ahead, vit.reducer.before_layer

    def noted_look_ahead(*args):
        scores.append(look_ahead(*args))
        return scores[-1]

    def noted_decide(view):
        plan = decide(view)
        if plan is not None:
            plans.append(plan)
        return plan

    vit.look_ahead, vit.reducer.before_layer = noted_look_ahead, noted_decide
    return scores, plans


def test_weights_in_half_precision():
    vit = tiny_vit(ELIP).bfloat16()
    out = vit(IMAGES.bfloat16(), GUIDANCE.bfloat16())[0]
    assert out.dtype == torch.bfloat16 and torch.isfinite(out).all()


@pytest.mark.parametrize('with_cp', [False, True], ids=['', 'checkpointing'])
@pytest.mark.parametrize('reducer', [None, ELIP], ids=['plain', 'elip'])
def test_compiles_without_a_graph_break(reducer, with_cp):
    """Check 18."""
    torch._dynamo.reset()
    vit = tiny_vit(reducer, with_cp=with_cp).train()
    compiled = torch.compile(vit, fullgraph=True, backend='eager')
    ours, plain = compiled(IMAGES, GUIDANCE)[0], vit(IMAGES, GUIDANCE)[0]
    torch.testing.assert_close(ours, plain)
    ours.sum().backward()
