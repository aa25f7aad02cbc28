# Copyright (c) elip_mm contributors. All rights reserved.
"""Any settings of what a config names are taken or refused in words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from elip_mm.datasets import CleanPairCaption, RandomAugment
from elip_mm.engine.hooks import PruningScheduleHook
from elip_mm.models.reducers import (
    AttentiveReducer,
    CenterReducer,
    ELIPReducer,
    EViTReducer,
    RandomReducer,
    ToMeReducer,
)
from elip_mm.ops import StageSpec, TowerShape, read_budget, solve_counts
from tests.support.fuzz_values import (
    NUMBERS,
    TEXTS,
    mostly,
    outcome,
    some,
)
from tests.support.fuzzing import examples

TOWER = TowerShape(12, 64, 2, 4 * 64**2, 8 * 64**2, 3 * 16**2 * 64, 64)
RATIOS = st.floats(0.01, 1)
LAYERS = st.integers(0, 12)
STAGES = st.lists(
    mostly(
        st.fixed_dictionaries(
            {
                'layer': mostly(LAYERS),
                'look_ahead': mostly(st.integers(1, 4)),
                'keep_ratio': mostly(RATIOS),
            },
            optional={'keep': RATIOS},
        )
    ),
    max_size=3,
)
BUDGETS = st.builds(
    '{}:{}'.format,
    st.sampled_from(['flops', 'tokens', 'bytes', '']),
    st.one_of(RATIOS, st.floats(), TEXTS),
)


@examples(30, 2000)
@given(
    some(
        stages=STAGES,
        text_weight=RATIOS,
        eps=st.floats(0, 1),
        count_base=st.sampled_from(['patches', 'tokens', 64]),
        keep_counts=st.lists(mostly(st.integers(1, 64)), max_size=3),
        without_guidance=st.sampled_from(['keep_all', 'vision']),
        guidance_scale=st.sampled_from(['as_is', 'match_cls']),
        merge_tokens=st.integers(1, 4),
        budget=BUDGETS,
    )
)
def test_elip(arguments):
    def build():
        reducer = ELIPReducer(**arguments)
        reducer.setup(TOWER)
        return reducer

    reducer = outcome(build, 'ELIPReducer')
    if reducer is not None:
        stages = range(len(reducer.stages))
        counts = [reducer.num_keep(index, 64, 1) for index in stages]
        assert all(type(count) is int and count >= 1 for count in counts)


@pytest.mark.parametrize(
    'kind, arguments',
    [
        (EViTReducer, dict(layers=st.lists(LAYERS), keep_ratio=RATIOS)),
        (
            ToMeReducer,
            dict(
                num_merge=st.one_of(
                    st.integers(0, 40), st.lists(mostly(LAYERS), max_size=13)
                ),
                schedule=st.sampled_from(['constant', 'decreasing']),
                weigh_by_size=st.booleans(),
            ),
        ),
        (RandomReducer, dict(keep_ratio=RATIOS, layer=LAYERS, seed=LAYERS)),
        (CenterReducer, dict(keep_ratio=RATIOS, layer=LAYERS, spread=RATIOS)),
        (AttentiveReducer, dict(keep_ratio=RATIOS, layer=LAYERS)),
    ],
)
def test_other_reducers(kind, arguments):
    built = []

    @examples(8, 300)
    @given(some(**arguments), mostly(RATIOS))
    def run(settings, strength):
        def build():
            reducer = kind(**settings)
            reducer.setup(TOWER)
            reducer.set_strength(strength)
            return reducer

        reducer = outcome(build, kind.__name__)
        if reducer is not None:
            assert 0 <= reducer.strength <= 1
            built.append(reducer)

    run()
    assert built, 'nothing that was drawn could be built'


@examples(20, 600)
@given(mostly(BUDGETS))
def test_budgets_are_read(text):
    budget = outcome(lambda: read_budget(text), 'budget')
    assert budget is None or 0 < budget.ratio <= 1


@examples(10, 500)
@given(
    st.sampled_from(['flops', 'tokens']),
    RATIOS,
    st.lists(
        st.tuples(st.integers(0, 11), st.integers(1, 6)),
        min_size=1,
        max_size=4,
        unique_by=lambda stage: stage[0],
    ),
    st.integers(1, 4),
    st.integers(1, 400),
    st.integers(0, 5),
)
def test_budgets_are_solved(
    kind, ratio, stages, merge_tokens, num_patches, num_prefix
):
    tower = TowerShape(
        12, 64, 2, 4 * 64**2, 8 * 64**2, 49152, num_patches, num_prefix
    )
    specs = tuple(StageSpec(*stage, merge_tokens) for stage in sorted(stages))
    budget = read_budget(f'{kind}:{ratio}')
    counts = outcome(lambda: solve_counts(budget, tower, specs), 'budget')
    if counts is not None:
        chain = (num_patches, *counts, 1)
        assert all(a >= b for a, b in zip(chain, chain[1:]))


@examples(20, 500)
@given(
    mostly(
        st.lists(
            mostly(
                st.fixed_dictionaries(
                    {'at': mostly(NUMBERS), 'strength': mostly(RATIOS)},
                    optional={'curve': mostly(st.just('cosine'))},
                )
            ),
            max_size=3,
        )
    ),
    mostly(st.sampled_from(['iter', 'epoch', 'share'])),
    st.floats(0, 1000),
)
def test_pruning_schedules(points, unit, progress):
    hook = outcome(
        lambda: PruningScheduleHook(points, unit), 'PruningScheduleHook'
    )
    assert hook is None or 0 <= hook.strength_at(progress) <= 1


@examples(15, 400)
@given(
    some(
        style=st.sampled_from(['albef', 'blip']),
        max_words=st.integers(1, 9),
        keys=st.lists(st.just('text')),
    ),
    some(
        num_ops=st.integers(0, 5),
        level=st.integers(0, 10),
        prob=RATIOS,
        ops=st.lists(st.sampled_from(['Equalize', 'Rotate'])),
    ),
)
def test_transforms(cleaning, augmentation):
    cleaning.setdefault('style', 'blip')
    clean = outcome(lambda: CleanPairCaption(**cleaning), 'CleanPairCaption')
    augment = outcome(lambda: RandomAugment(**augmentation), 'RandomAugment')
    assert clean is None or clean.style in ('albef', 'blip')
    assert augment is None or 0 <= augment.level <= 10
