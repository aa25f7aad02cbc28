# Copyright (c) elip_mm contributors. All rights reserved.
"""Whether a run can go on from a checkpoint, seen before anything changes."""

from typing import Any, Dict, Iterator, List

from mmengine.runner import Runner
from torch.optim import Optimizer

from elip_mm.utils.model_wrappers import optimizers_of, unwrap_model

from .contents import USE_LOAD_FROM
from .differences import join_some

__all__ = ['check_resumable']


def check_resumable(
    runner: Runner, checkpoint: Dict[str, Any], source: str
) -> None:
    """Raise an error if a run cannot go on exactly where it stopped.

    Shapes are compared as they are in the file, before a model resizes what
    it loads: its optimiser state could not follow.

    Args:
        runner (Runner): The runner, with its loop and optimiser built.
        checkpoint (Dict[str, Any]): What was read; :func:`check_run_file` has
            seen to its form.
        source (str): Where it comes from, for the message.

    Raises:
        ValueError: With the reason, and what to do instead.
    """
    for problem in _problems(runner, checkpoint):
        raise ValueError(
            f'{source} cannot be resumed: {problem} {USE_LOAD_FROM}'
        )


def _problems(runner: Runner, checkpoint: Dict[str, Any]) -> Iterator[str]:
    yield from _shapes(unwrap_model(runner.model), checkpoint)
    yield from _missing(runner, checkpoint)
    yield from _position(runner, checkpoint['meta'])
    for name, optimizer in optimizers_of(runner.optim_wrapper):
        state = checkpoint['optimizer']
        yield from _optimizer_state(optimizer, state[name] if name else state)


def _missing(runner: Runner, checkpoint: Dict[str, Any]) -> Iterator[str]:
    needed = dict(optimizer='optimiser state')
    if runner.param_schedulers is not None:
        needed['param_schedulers'] = 'state of the schedule'
    missing = [what for key, what in needed.items() if key not in checkpoint]
    if missing:
        yield (
            f'it holds no {" and no ".join(missing)}, as is so for best_*.pth '
            'and for weights that were published. Resume from an iter_*.pth '
            'or epoch_*.pth of the run.'
        )


def _position(runner: Runner, meta: Dict[str, Any]) -> Iterator[str]:
    epochs, iters = runner.max_epochs, runner.max_iters
    if meta['epoch'] > epochs or meta['iter'] > iters:
        yield (
            f'it was made in epoch {meta["epoch"]}, after {meta["iter"]} '
            f'iterations, but this run ends after {epochs} epochs with '
            f'{iters} iterations. Train for longer (train_cfg), or with the '
            'data and batch size of before.'
        )


def _shapes(model: Any, checkpoint: Dict[str, Any]) -> Iterator[str]:
    own = {name: value.shape for name, value in model.state_dict().items()}
    other = []
    for name, value in checkpoint.get('state_dict', {}).items():
        name = name.removeprefix('module.')
        if name in own and own[name] != value.shape:
            other.append(
                f'{name} is {list(value.shape)}, not {list(own[name])}'
            )
    if other:
        yield (
            f'{join_some(other)}. A run goes on with the image '
            'size and the model that it began with.'
        )


def _optimizer_state(
    optimizer: Optimizer, state: Dict[str, Any]
) -> Iterator[str]:
    """What differs between an optimiser and the state for it."""
    own, groups = optimizer.param_groups, state['param_groups']
    sizes = _sizes(own), _sizes(groups)
    if sizes[0] != sizes[1]:
        yield (
            f'its optimiser has {len(groups)} groups with {sum(sizes[1])} '
            f'parameters, and that of this run {len(own)} with '
            f'{sum(sizes[0])}. Resume with the frozen parts, the trained '
            'parts and the paramwise_cfg of before.'
        )
        return
    settings = [
        name
        for name, value in optimizer.defaults.items()
        if type(value) in (int, float, tuple)  # no switches
    ]
    unknown = [name for name in settings if name not in groups[0]]
    if unknown:
        yield (
            f'it was made with another optimiser: {type(optimizer).__name__} '
            f'needs {", ".join(unknown)}.'
        )
    for group, ids in zip(own, groups):
        for parameter, number in zip(group['params'], ids['params']):
            for name, value in state['state'].get(number, {}).items():
                shape = getattr(value, 'shape', ())
                # Factored states have fewer dimensions than the parameter.
                if len(shape) != parameter.ndim or shape == parameter.shape:
                    continue
                yield (
                    f'{name} of its optimiser is {list(shape)} for a '
                    f'parameter of {list(parameter.shape)}.'
                )


def _sizes(groups: List[Dict[str, Any]]) -> List[int]:
    return [len(group['params']) for group in groups]
