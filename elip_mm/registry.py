# Copyright (c) elip_mm contributors. All rights reserved.
"""Registries of ``elip_mm``.

Every node is a child of mmpretrain's node of the same name, so a config
under ``default_scope='elip_mm'`` finds mmpretrain's classes without a prefix,
and a type written ``elip_mm.X`` is found from mmpretrain's scope as well.
``TOKEN_REDUCERS``, ``SIGNALS`` and ``MODEL_ADAPTERS`` exist only here.

``TOKENIZER`` and ``BATCH_AUGMENTS`` are roots in mmpretrain. They get a child
all the same: without one, each build under our scope logs a failed search.
"""

import mmengine.registry as mmengine_nodes
import mmpretrain.registry as mmpretrain_nodes
from mmengine.registry import Registry

__all__ = [
    'RUNNERS',
    'RUNNER_CONSTRUCTORS',
    'LOOPS',
    'HOOKS',
    'LOG_PROCESSORS',
    'OPTIMIZERS',
    'OPTIM_WRAPPERS',
    'OPTIM_WRAPPER_CONSTRUCTORS',
    'PARAM_SCHEDULERS',
    'DATASETS',
    'DATA_SAMPLERS',
    'TRANSFORMS',
    'MODELS',
    'MODEL_WRAPPERS',
    'WEIGHT_INITIALIZERS',
    'BATCH_AUGMENTS',
    'TASK_UTILS',
    'TOKENIZER',
    'METRICS',
    'EVALUATORS',
    'VISUALIZERS',
    'VISBACKENDS',
    'INFERENCERS',
    'STRATEGIES',
    'FUNCTIONS',
    'TOKEN_REDUCERS',
    'SIGNALS',
    'MODEL_ADAPTERS',
]


def _child(name: str, location: str, parents=mmpretrain_nodes) -> Registry:
    """Create our child of the parent library's registry ``name``."""
    parent = getattr(parents, name)
    return Registry(
        parent.name,
        parent=parent,
        scope='elip_mm',
        locations=[f'elip_mm.{location}'],
    )


RUNNERS = _child('RUNNERS', 'engine')
RUNNER_CONSTRUCTORS = _child('RUNNER_CONSTRUCTORS', 'engine')
LOOPS = _child('LOOPS', 'engine')
HOOKS = _child('HOOKS', 'engine')
LOG_PROCESSORS = _child('LOG_PROCESSORS', 'engine')
OPTIMIZERS = _child('OPTIMIZERS', 'engine')
OPTIM_WRAPPERS = _child('OPTIM_WRAPPERS', 'engine')
OPTIM_WRAPPER_CONSTRUCTORS = _child('OPTIM_WRAPPER_CONSTRUCTORS', 'engine')
PARAM_SCHEDULERS = _child('PARAM_SCHEDULERS', 'engine')
STRATEGIES = _child('STRATEGIES', 'engine', mmengine_nodes)

DATASETS = _child('DATASETS', 'datasets')
DATA_SAMPLERS = _child('DATA_SAMPLERS', 'datasets')
TRANSFORMS = _child('TRANSFORMS', 'datasets')
FUNCTIONS = _child('FUNCTIONS', 'datasets', mmengine_nodes)

MODELS = _child('MODELS', 'models')
MODEL_WRAPPERS = _child('MODEL_WRAPPERS', 'models')
WEIGHT_INITIALIZERS = _child('WEIGHT_INITIALIZERS', 'checkpoint')
BATCH_AUGMENTS = _child('BATCH_AUGMENTS', 'models')
TASK_UTILS = _child('TASK_UTILS', 'models')
TOKENIZER = _child('TOKENIZER', 'models')

METRICS = _child('METRICS', 'evaluation')
EVALUATORS = _child('EVALUATORS', 'evaluation')

VISUALIZERS = _child('VISUALIZERS', 'visualization')
VISBACKENDS = _child('VISBACKENDS', 'visualization')
INFERENCERS = _child('INFERENCERS', 'apis', mmengine_nodes)

# Strategies that decide where each vision token goes. They are modules, but
# live in a node of their own so that tests can sweep over all of them.
TOKEN_REDUCERS = Registry(
    'token reducer', scope='elip_mm', locations=['elip_mm.models.reducers']
)
# What reducers may want to know of an image beyond its tokens, computed from
# the pixels or the text; see `elip_mm.models.reducers.signals`.
SIGNALS = Registry('signal', scope='elip_mm', locations=['elip_mm.models'])

# What is known of models of other libraries. It names no location: the one
# adapter that is needed is imported when a model asks for it.
MODEL_ADAPTERS = Registry('model adapter', scope='elip_mm')


def build_reducer(cfg: dict):
    """Build a strategy, whatever the default scope is at that moment.

    A hook may bring one into a config of mmpretrain, whose scope knows no
    registry of strategies; each build there would log a failed search.

    Args:
        cfg (dict): Config of a strategy from ``TOKEN_REDUCERS``.

    Returns:
        TokenReducer: The strategy.
    """
    return TOKEN_REDUCERS.build({'_scope_': 'elip_mm', **cfg})
