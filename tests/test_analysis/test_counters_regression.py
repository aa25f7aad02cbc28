# Copyright (c) elip_mm contributors. All rights reserved.
"""Exact costs may not creep up unseen.

FLOPs are compared everywhere, stored bytes and operators on the version of
torch that the baseline was made with. To renew it after a change that is
meant, run

    python -m tests.test_analysis.test_counters_regression
"""

import json
import warnings
from pathlib import Path

import pytest
import torch

from elip_mm.analysis import Tower, make_workload, measure
from elip_mm.analysis.variants import find_variant
from tests.support.tiny import ARCH

BASELINE = Path(__file__).parents[1] / 'data/benchmark_baseline.json'
TOWER = Tower(
    arch=ARCH,
    img_size=112,
    patch_size=8,
    batch_size=2,
)
NAMES = (
    'dense',
    'elip_vit-12layer',
    'elip-lite_vit-12layer',
    'evit_vit-12layer',
    'tome_vit-12layer',
    'naive',
)


def count(name: str, with_cp: bool = False) -> dict:
    """Exact costs of a variant, as the baseline stores them."""
    variant = find_variant(name)
    work = make_workload(
        name,
        TOWER,
        variant.reducer,
        naive=variant.naive,
        with_cp=with_cp,
    )
    (costs,) = measure([work], rounds=0)
    return dict(
        flops=costs.flops,
        saved_bytes=costs.saved_bytes,
        operators=costs.operators,
    )


@pytest.mark.parametrize('with_cp', [False, True], ids=['', 'checkpointing'])
@pytest.mark.parametrize('name', NAMES)
def test_costs_are_those_of_the_baseline(name, with_cp):
    if with_cp and name == 'naive':
        pytest.skip('that baseline has no checkpointing')
    baseline = json.loads(BASELINE.read_text())
    expected = baseline['costs'][key(name, with_cp)]
    costs = count(name, with_cp)
    assert costs['flops'] == expected['flops']
    if torch.__version__.split('+')[0] == baseline['torch']:
        assert costs == expected


def key(name: str, with_cp: bool) -> str:
    return f'{name} checkpointing' if with_cp else name


def renew() -> None:
    """Write today's costs as the new baseline."""
    warnings.filterwarnings('ignore')
    costs = {
        key(name, with_cp): count(name, with_cp)
        for name in NAMES
        for with_cp in (False, True)
        if not (with_cp and name == 'naive')
    }
    content = dict(torch=torch.__version__.split('+')[0], costs=costs)
    BASELINE.write_text(json.dumps(content, indent=1) + '\n')


if __name__ == '__main__':
    renew()
