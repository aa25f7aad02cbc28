# Copyright (c) elip_mm contributors. All rights reserved.
"""What every registered strategy owes to the others.

Acceptance: compile-export.
"""

import copy

import pytest
import torch

from elip_mm.analysis.counters import count_operators
from elip_mm.registry import TOKEN_REDUCERS
from elip_mm.structures import Hints
from elip_mm.utils import register_all_modules
from tests.support.tiny import GUIDANCE, IMAGES, tiny_vit, traceable

register_all_modules()
NAMES = sorted(TOKEN_REDUCERS.module_dict)
SCORES = torch.rand(3, 64, generator=torch.Generator().manual_seed(0))
HINTS = Hints(guidance=GUIDANCE, scores=SCORES)

pytestmark = pytest.mark.parametrize('name', NAMES)


def encode(vit, images=IMAGES, rows=slice(None)):
    """Encode with all that any strategy might ask for."""
    grid = images.shape[-2] // 8 * (images.shape[-1] // 8)
    scores = SCORES if grid == 64 else torch.rand(len(images), grid)
    hints = Hints(guidance=GUIDANCE[rows], scores=scores[rows])
    return vit.encode(images[rows], hints)


def test_size_is_the_number_of_patches_owned(name):
    state = encode(tiny_vit(dict(type=name)))
    alive = (state.owner >= 0).to(state.sizes.dtype)
    owned = torch.zeros_like(state.sizes)
    owned.scatter_add_(1, state.owner.clamp(min=0), alive)
    prefix = state.num_prefix
    assert torch.equal(owned[:, prefix:], state.sizes[:, prefix:])


def test_there_is_a_reduction_to_speak_of(name):
    """Without one, all that follows would hold for free."""
    state = encode(tiny_vit(dict(type=name)))
    unreduced = state.num_patch_tokens == state.num_patches
    assert unreduced == (name == 'TokenReducer')


def test_strength_zero_is_the_plain_backbone(name):
    plain, reduced = tiny_vit(), tiny_vit(dict(type=name))
    reduced.load_state_dict(plain.state_dict())
    reduced.set_pruning_strength(0.0)
    assert torch.equal(encode(reduced).tokens, encode(plain).tokens)


def test_strength_must_be_a_share(name):
    with pytest.raises(ValueError, match=r'\[0, 1\]'):
        tiny_vit(dict(type=name)).set_pruning_strength(1.5)


def test_batch_is_a_stack_of_single_images(name):
    vit = tiny_vit(dict(type=name))
    together = encode(vit)
    for row in range(3):
        alone = encode(vit, rows=slice(row, row + 1))
        assert torch.equal(alone.owner[0], together.owner[row])
        torch.testing.assert_close(
            alone.tokens[0], together.tokens[row], rtol=1e-4, atol=1e-4
        )


@pytest.mark.parametrize('with_cls_token', [True, False])
@pytest.mark.parametrize('size', [(64, 64), (32, 72), (16, 16)])
def test_any_grid(name, size, with_cls_token):
    vit = tiny_vit(dict(type=name), with_cls_token=with_cls_token)
    state = encode(vit, torch.randn(3, 3, *size))
    assert state.grid == (size[0] // 8, size[1] // 8)
    assert state.num_patch_tokens <= state.num_patches
    assert state.dense().shape == (3, 96, *state.grid)


@pytest.mark.parametrize(
    'out_type, shape',
    [('cls_token', (3, 96)), ('featmap', (3, 96, 8, 8)),
     ('avg_featmap', (3, 96))],
)  # fmt: skip
def test_outputs_have_the_shapes_of_the_plain_tower(name, out_type, shape):
    vit = tiny_vit(dict(type=name), out_type=out_type, out_indices=[5, 11])
    outs = vit(IMAGES, HINTS)
    assert [tuple(out.shape) for out in outs] == [shape, shape]


def test_gradients_are_finite(name):
    vit = tiny_vit(dict(type=name)).train()
    encode(vit).tokens.square().mean().backward()
    for key, parameter in vit.named_parameters():
        assert torch.isfinite(parameter.grad).all(), key


def test_checkpointing_changes_no_gradient(name):
    gradients = []
    for with_cp in (False, True):
        vit = tiny_vit(dict(type=name), with_cp=with_cp).train()
        encode(vit).tokens.square().mean().backward()
        gradients.append(dict(vit.named_parameters()))
    for key, parameter in gradients[0].items():
        torch.testing.assert_close(parameter.grad, gradients[1][key].grad)


def test_bfloat16(name):
    vit = tiny_vit(dict(type=name))
    with torch.autocast('cpu', dtype=torch.bfloat16):
        state = encode(vit)
    assert torch.isfinite(state.tokens).all()


@pytest.mark.no_cover
@traceable
def test_compiles_without_a_graph_break(name):
    torch._dynamo.reset()
    vit = tiny_vit(dict(type=name))
    compiled = torch.compile(vit, fullgraph=True, backend='eager')
    ours = compiled(IMAGES, HINTS)[0]
    plain = vit(IMAGES, HINTS)[0]
    torch.testing.assert_close(ours, plain)


def test_copies_share_no_state(name):
    vit = tiny_vit(dict(type=name))
    momentum_encoder = copy.deepcopy(vit)
    before = encode(vit).tokens
    momentum_encoder.set_pruning_strength(0.0)
    with torch.no_grad():
        for parameter in momentum_encoder.parameters():
            parameter.zero_()
    assert (
        encode(momentum_encoder).tokens.shape
        == encode(tiny_vit()).tokens.shape
    )
    assert vit.reducer.strength == 1.0
    assert torch.equal(encode(vit).tokens, before)


def test_config_is_left_alone(name):
    config = dict(type=name)
    tiny_vit(config)
    assert config == dict(type=name)


def test_passes_do_not_influence_each_other(name):
    vit = tiny_vit(dict(type=name))
    first = encode(vit).tokens
    encode(vit, IMAGES.flip(0))
    assert torch.equal(first, encode(vit).tokens)


def test_decisions_can_be_followed(name):
    """Without scores or guidance, by what the first pass noted."""
    vit = tiny_vit(dict(type=name))
    state = encode(vit)
    again = vit.encode(IMAGES, follow=state.plans)
    assert torch.equal(again.tokens, state.tokens)
    assert torch.equal(again.owner, state.owner)
    assert torch.equal(again.sizes, state.sizes)


def test_operators_do_not_depend_on_the_batch(name):
    vit = tiny_vit(dict(type=name))

    def step(batch):
        rows = torch.arange(batch) % 3
        hints = Hints(guidance=GUIDANCE[rows], scores=SCORES[rows])
        out = vit.encode(IMAGES[rows], hints)
        out.tokens.sum().backward()

    step(1)  # gradients are allocated once
    assert count_operators(lambda: step(2)) == count_operators(lambda: step(5))
