# Copyright (c) elip_mm contributors. All rights reserved.
"""What mmengine's runner reads from a config, key by key."""

import inspect
from typing import Any, Callable, Dict, Iterable, Mapping, Set

import torch
from mmengine.dist import init_dist
from mmengine.optim import DefaultOptimWrapperConstructor
from mmengine.runner import Runner
from mmengine.runner.utils import set_random_seed
from mmengine.utils.dl_utils import set_multi_processing
from torch.utils.data import DataLoader

from .findings import Path, Report
from .names import alike, nearest, resolve
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
_READ_BY_US = {'load_strict', 'unchecked', 'tta_model', 'tta_pipeline'}
_HOOKS = (
    'runtime_info',
    'timer',
    'sampler_seed',
    'logger',
    'param_scheduler',
    'checkpoint',
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
_PARAMWISE = (
    'bias_decay_mult',
    'bias_lr_mult',
    'bypass_duplicate',
    'custom_keys',
    'dcn_offset_lr_mult',
    'dwconv_decay_mult',
    'flat_decay_mult',
    'layer_decay_rate',
    'norm_decay_mult',
)
_MULTIPLIERS = ('lr_mult', 'decay_mult')
_OURS = ('elip_mm.', 'mmengine.', 'mmpretrain.')


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


def _part_of(
    registry: str, default: Any = None, more: Iterable[str] = ()
) -> Check:
    """A check of something that is built, or of a list of such."""

    def check(value: Any, path: Path, report: Report) -> None:
        items = value if isinstance(value, (list, tuple)) else [value]
        for index, item in enumerate(items):
            where = path if items[0] is value else (*path, str(index))
            if isinstance(item, Mapping):
                check_part(
                    item, where, registry, report, default=default, more=more
                )
            elif isinstance(item, (str, int, float)):
                report.add(where, f'is a dict, but got {item!r}.')

    return check


def _check_loop(name: str, by_epoch: Any) -> Check:
    def check(value: Any, path: Path, report: Report) -> None:
        if not isinstance(value, Mapping):
            report.add(path, f'is a dict, but got {value!r}.')
            return
        default, more = name, ()
        if path == ('train_cfg',):
            default = by_epoch[bool(value.get('by_epoch', True))]
            more = ('by_epoch',)
        check_part(value, path, 'LOOPS', report, default=default, more=more)

    return check


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


def _check_optim_wrapper(value: Any, path: Path, report: Report) -> None:
    if not isinstance(value, Mapping):
        report.add(path, f'is a dict, but got {value!r}.')
        return
    constructor = value.get('constructor')
    several = constructor and 'optimizer' not in value
    if several:  # one wrapper for each of several parts, by name
        for key, child in value.items():
            if isinstance(child, Mapping) and 'optimizer' in child:
                _check_optim_wrapper(child, (*path, str(key)), report)
        return
    plain = {k: v for k, v in value.items() if k not in _WRAPPED}
    check_part(plain, path, 'OPTIM_WRAPPERS', report, default='OptimWrapper')
    if isinstance(value.get('optimizer'), Mapping):
        check_part(
            value['optimizer'], (*path, 'optimizer'), 'OPTIMIZERS', report
        )
    if isinstance(value.get('clip_grad'), Mapping):
        _check_clip(value['clip_grad'], (*path, 'clip_grad'), report)
    _check_paramwise(constructor, value.get('paramwise_cfg'), path, report)


_WRAPPED = ('optimizer', 'constructor', 'paramwise_cfg', 'clip_grad')


def _check_clip(value: Mapping, path: Path, report: Report) -> None:
    functions = dict(
        norm=torch.nn.utils.clip_grad_norm_,
        value=torch.nn.utils.clip_grad_value_,
    )
    kind = value.get('type', 'norm')
    if kind not in functions:
        report.add((*path, 'type'), f"is 'norm' or 'value', but got {kind!r}.")
        return
    known = _names_of(functions[kind], ['parameters'])
    report.check_keys(value, path, known, f'clipping by {kind}')


def _check_paramwise(
    constructor: Any, value: Any, path: Path, report: Report
) -> None:
    target: Any = DefaultOptimWrapperConstructor
    if constructor is not None:
        target = resolve(constructor, 'OPTIM_WRAPPER_CONSTRUCTORS')
    if target is None:
        report.add(
            (*path, 'constructor'),
            f'there is no constructor of the name {constructor!r}'
            f'{alike(str(constructor), "OPTIM_WRAPPER_CONSTRUCTORS")}',
        )
    elif isinstance(value, Mapping) and target.__module__.startswith(_OURS):
        where = (*path, 'paramwise_cfg')
        report.check_keys(value, where, _PARAMWISE, 'paramwise_cfg')
        for name, rule in (value.get('custom_keys') or {}).items():
            _keys_of('a custom key', _MULTIPLIERS)(
                rule, (*where, 'custom_keys', str(name)), report
            )


def _check_log_processor(value: Any, path: Path, report: Report) -> None:
    check_part(value, path, 'LOG_PROCESSORS', report, default='LogProcessor')


_LOOPS = ('mmengine.IterBasedTrainLoop', 'mmengine.EpochBasedTrainLoop')
SECTIONS: Dict[str, Check] = dict(
    model=_part_of('MODELS'),
    data_preprocessor=lambda *args: check_value(
        args[0], args[1], 'MODELS', args[2]
    ),
    train_dataloader=_check_loader,
    val_dataloader=_check_loader,
    test_dataloader=_check_loader,
    train_cfg=_check_loop('', _LOOPS),
    val_cfg=_check_loop('ValLoop', None),
    test_cfg=_check_loop('TestLoop', None),
    val_evaluator=_check_evaluator,
    test_evaluator=_check_evaluator,
    optim_wrapper=_check_optim_wrapper,
    param_scheduler=_part_of('PARAM_SCHEDULERS'),
    auto_scale_lr=_keys_of('auto_scale_lr', ['enable', 'base_batch_size']),
    default_hooks=_check_hooks,
    custom_hooks=_check_hook_list,
    env_cfg=_check_env,
    visualizer=_part_of('VISUALIZERS', 'Visualizer'),
    log_processor=_check_log_processor,
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
