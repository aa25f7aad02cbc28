# Copyright (c) elip_mm contributors. All rights reserved.
"""What mmengine's runner reads from a config, key by key."""

import inspect
from typing import Any, Callable, Dict, Iterable, Mapping, Set

import torch
from mmengine.dist import init_dist
from mmengine.runner import Runner
from mmengine.runner.utils import set_random_seed
from mmengine.utils.dl_utils import set_multi_processing
from torch.utils.data import DataLoader

from .findings import Path, Report
from .names import nearest
from .optim import check_optim_wrapper
from .parts import check_part, check_value
from .signatures import accepted_arguments

__all__ = ['SECTIONS', 'check_section', 'known_names']

Check = Callable[[Any, Path, Report], None]

# Read from the config, though no argument of the runner: mmengine's, ...
_READ_BY_RUNNER = {
    'activation_checkpointing',
    'compile',
    'custom_imports',
    'efficient_conv_bn_eval',
    'env_cfg',
    'find_unused_parameters',
    'init_weights_for_test_or_val',
    'model_wrapper_cfg',
    'runner_type',
    'strategy',
    'sync_bn',
}
# ... and ours. `tta_model` and its pipeline are mmengine's habit.
_READ_BY_US = {
    'load_strict',
    'resume_settings',
    'tta_model',
    'tta_pipeline',
    'unchecked',
}
_HOOKS = (
    'runtime_info',
    'timer',
    'sampler_seed',
    'logger',
    'param_scheduler',
    'checkpoint',
    'non_finite',
    'randomness',
    'visualization',
)
_LOADER = {
    'dataset',
    'sampler',
    'batch_sampler',
    'collate_fn',
    'worker_init_fn',
    'num_batch_per_epoch',
    'disable_subprocess_warning',
}


def known_names() -> Set[str]:
    """Names that have a meaning at the top of a config.

    Returns:
        set[str]: The runner's and ours.
    """
    of_runner = set(inspect.signature(Runner.__init__).parameters)
    return of_runner - {'self', 'cfg'} | _READ_BY_RUNNER | _READ_BY_US


def _names_of(function: Callable, without: Iterable[str] = ()) -> Set[str]:
    return set(accepted_arguments(function).defaults) - set(without)


def _keys_of(owner: str, known: Iterable[str]) -> Check:
    """A check of a plain dict of settings."""

    def check(value: Any, path: Path, report: Report) -> None:
        if not isinstance(value, Mapping):
            report.add(path, f'is a dict, but got {value!r}.')
            return
        report.check_keys(value, path, known, owner)

    return check


def _part_of(registry: str, default: Any = None) -> Check:
    """A check of something that is built, or of a list of such."""

    def check(value: Any, path: Path, report: Report) -> None:
        several = isinstance(value, (list, tuple))
        for index, item in enumerate(value if several else [value]):
            where = (*path, str(index)) if several else path
            if isinstance(item, Mapping):
                check_part(item, where, registry, report, default=default)
            elif isinstance(item, (str, int, float)):
                report.add(where, f'is a dict, but got {item!r}.')

    return check


def _check_train_loop(value: Any, path: Path, report: Report) -> None:
    if not isinstance(value, Mapping):
        report.add(path, f'is a dict, but got {value!r}.')
        return
    kind = 'Epoch' if value.get('by_epoch', True) else 'Iter'
    check_part(
        value,
        path,
        'LOOPS',
        report,
        default=f'mmengine.{kind}BasedTrainLoop',
        more=() if 'type' in value else ('by_epoch',),
    )


def _check_loader(value: Any, path: Path, report: Report) -> None:
    if not isinstance(value, Mapping):
        report.add(path, f'is a dict, but got {value!r}.')
        return
    known = _LOADER | _names_of(DataLoader)
    report.check_keys(value, path, known, 'a data loader')
    for key in _LOADER & set(value):
        check_value(value[key], (*path, key), 'DATASETS', report)


def _check_hooks(value: Any, path: Path, report: Report) -> None:
    if not isinstance(value, Mapping):
        report.add(path, f'is a dict of hooks by name, but got {value!r}.')
        return
    for name, hook in value.items():
        where = (*path, str(name))
        close = nearest(str(name), _HOOKS, cutoff=0.8)
        if name not in _HOOKS and close:
            report.add(where, f'is no default hook; did you mean {close}?')
        elif isinstance(hook, Mapping):
            check_part(hook, where, 'HOOKS', report)


def _check_hook_list(value: Any, path: Path, report: Report) -> None:
    if not isinstance(value, (list, tuple)):
        report.add(path, 'is a list of hooks; put it into brackets.')
        return
    _part_of('HOOKS')(value, path, report)


def _check_evaluator(value: Any, path: Path, report: Report) -> None:
    if isinstance(value, Mapping) and 'metrics' in value:
        check_part(value, path, 'EVALUATORS', report, default='Evaluator')
    else:
        _part_of('METRICS')(value, path, report)


def _check_env(value: Any, path: Path, report: Report) -> None:
    env = {'cudnn_benchmark', 'mp_cfg', 'dist_cfg', 'resource_limit'}
    processes = _names_of(set_multi_processing, ['distributed'])
    group = _names_of(torch.distributed.init_process_group)
    group |= _names_of(init_dist, ['launcher'])
    _keys_of('env_cfg', env)(value, path, report)
    for key, known in (('mp_cfg', processes), ('dist_cfg', group)):
        if isinstance(value, Mapping) and value.get(key) is not None:
            _keys_of(key, known)(value[key], (*path, key), report)


SECTIONS: Dict[str, Check] = dict(
    model=_part_of('MODELS'),
    data_preprocessor=lambda *args: check_value(
        args[0], args[1], 'MODELS', args[2]
    ),
    train_dataloader=_check_loader,
    val_dataloader=_check_loader,
    test_dataloader=_check_loader,
    train_cfg=_check_train_loop,
    val_cfg=_part_of('LOOPS', 'ValLoop'),
    test_cfg=_part_of('LOOPS', 'TestLoop'),
    val_evaluator=_check_evaluator,
    test_evaluator=_check_evaluator,
    optim_wrapper=check_optim_wrapper,
    param_scheduler=_part_of('PARAM_SCHEDULERS'),
    auto_scale_lr=_keys_of('auto_scale_lr', ['enable', 'base_batch_size']),
    default_hooks=_check_hooks,
    custom_hooks=_check_hook_list,
    env_cfg=_check_env,
    visualizer=_part_of('VISUALIZERS', 'Visualizer'),
    log_processor=_part_of('LOG_PROCESSORS', 'LogProcessor'),
    randomness=_keys_of('randomness', _names_of(set_random_seed)),
    custom_imports=_keys_of(
        'custom_imports', ['imports', 'allow_failed_imports']
    ),
    model_wrapper_cfg=_part_of('MODEL_WRAPPERS'),
)


def check_section(name: str, value: Any, report: Report) -> None:
    """Check what stands under one name at the top of a config.

    Args:
        name (str): One of :func:`known_names`.
        value (Any): Its value.
        report (Report): Gets what is wrong.
    """
    if value is not None and name in SECTIONS:
        SECTIONS[name](value, (name,), report)
