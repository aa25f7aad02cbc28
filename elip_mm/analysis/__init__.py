# Copyright (c) elip_mm contributors. All rights reserved.
"""What does it cost? One function for each question.

======================================= ====================================
Question                                Answer
======================================= ====================================
**Exact, the same on every machine**
FLOPs of any call                       :func:`count_flops`
operators of any call                   :func:`count_operators`
activations that a backward pass needs  :func:`saved_bytes`
FLOPs of a tower from its config alone  ``tower_costs.count_tower``
which layer did what, while it runs     ``layer_watch.LayerWatch``
highest memory of any call              :func:`peak_bytes`
memory of a step at any batch           ``memory_model.predict_memory``
**Timed, on this machine**
seconds of several calls, in turns      :func:`time_in_turns`
where the time of a step goes           ``step_parts.measure_parts``
whether training waits for data         ``data_rate.measure_pipeline``
**Both, for the same workload**
all that a tower or a recipe costs      :func:`measure`
largest batch of a recipe               ``memory_model``; by trial
                                        ``batch_size_search.find_on_gpu``
**About tokens**
how many each layer leaves              :func:`tokens_per_layer`
which patches are still there           :func:`kept_patches`
======================================= ====================================

What is measured is a :class:`Workload`: a tower (:func:`make_workload`), the
step of a recipe on made-up data (:func:`make_recipe_workload`), or, in
:mod:`elip_mm.study`, on real data. ``python -m elip_mm.analysis`` is the
benchmark as a command. The formulas behind ``count_tower`` and the budgets of
reducers are those of :mod:`elip_mm.ops`.
"""

from .counters import count_flops, count_operators, saved_bytes
from .kept_patches import kept_patches, mentioned_share, tokens_per_layer
from .measure import Measurement, measure
from .naive_elip import NaiveELIPViT
from .peak_memory import device_peak, peak_bytes
from .search import largest_that_fits
from .timing import time_in_turns
from .workload import Tower, Workload, make_recipe_workload, make_workload

__all__ = [
    'Measurement',
    'NaiveELIPViT',
    'Tower',
    'Workload',
    'count_flops',
    'count_operators',
    'device_peak',
    'kept_patches',
    'largest_that_fits',
    'make_recipe_workload',
    'make_workload',
    'measure',
    'mentioned_share',
    'peak_bytes',
    'saved_bytes',
    'time_in_turns',
    'tokens_per_layer',
]
