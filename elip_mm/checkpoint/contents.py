# Copyright (c) elip_mm contributors. All rights reserved.
"""Whether what was read has the form of a checkpoint."""

from typing import Any, Dict, Optional

from torch import Tensor

__all__ = ['USE_LOAD_FROM', 'check_run_file', 'find_weights']

USE_LOAD_FROM = (
    'To start a new run from its weights, use load_from in place of resume: '
    '--cfg-options load_from=FILE, without --resume.'
)

_EXAMPLE = "torch.save(dict(state_dict=ckpt['model']), path)"


def find_weights(
    content: Any, source: str, key: str = 'state_dict'
) -> Dict[str, Any]:
    """The weights of a checkpoint.

    Args:
        content (Any): Content of a checkpoint.
        source (str): Where it comes from, for the message.
        key (str): Where the weights are, if there is anything else. Defaults
            to 'state_dict'.

    Returns:
        dict[str, Any]: Tensors by name, and states of modules that are none.

    Raises:
        ValueError: If there are none; the message says what there is.
    """
    if not isinstance(content, dict):
        raise ValueError(
            f'{source} holds a {type(content).__name__}, not weights by their '
            'names. Save a state_dict().'
        )
    weights = content.get(key, content)
    if not isinstance(weights, dict) or not _has_tensors(weights):
        raise ValueError(_no_weights(content, source, key))
    odd = next((name for name in weights if not isinstance(name, str)), None)
    if odd is not None:
        raise ValueError(
            f'{source} holds weights under the name {odd!r}, which is no '
            'text. Save a state_dict().'
        )
    return weights


def check_run_file(content: Any, source: str) -> None:
    """Raise an error unless a training can go on from a checkpoint.

    Args:
        content (Any): Content of a checkpoint.
        source (str): Where it comes from, for the message.

    Raises:
        ValueError: If something is missing, or is not what its name says.
    """
    find_weights(content, source)
    wrong = (
        _wrong_meta(content.get('meta'))
        or _wrong_hub(content.get('message_hub'))
        or _wrong_states(content)
    )
    if wrong:
        raise ValueError(
            f'{source} cannot be resumed: {wrong}. {USE_LOAD_FROM}'
        )


def _has_tensors(weights: Dict[Any, Any]) -> bool:
    return any(isinstance(value, Tensor) for value in weights.values())


def _no_weights(content: Dict[Any, Any], source: str, key: str) -> str:
    elsewhere = [
        name
        for name, value in content.items()
        if isinstance(value, dict) and _has_tensors(value)
    ]
    shown = ', '.join(repr(name)[:40] for name in list(content)[:6])
    text = (
        f'{source} holds no weights under {key!r}; it has '
        f'{shown or "nothing"}.'
    )
    if elsewhere:
        text += (
            f' They seem to be under {elsewhere[0]!r}, as other code leaves '
            'them: convert the file with tools/model_converters, or, if the '
            'names are those of this model, save them again: '
            + _EXAMPLE.replace("'model'", repr(elsewhere[0]))
            + '.'
        )
    return text


def _wrong_meta(meta: Any) -> Optional[str]:
    if not isinstance(meta, dict):
        return "it has no 'meta', as files with weights alone"
    for name in ('epoch', 'iter'):
        if not _is_count(meta.get(name)):
            return f'meta.{name} should be a number, not {meta.get(name)!r}'
    seed = meta.get('seed')
    if seed is not None and not _is_count(seed):
        return f'meta.seed should be a number, not {seed!r}'
    return None


def _wrong_hub(hub: Any) -> Optional[str]:
    if not isinstance(hub, dict):
        return "it has no 'message_hub', as files with weights alone"
    for name in ('log_scalars', 'runtime_info', 'resumed_keys'):
        if not isinstance(hub.get(name), dict):
            return f'message_hub.{name} is missing or is no dict'
        odd = [key for key in hub[name] if not isinstance(key, str)]
        if odd:
            return f'message_hub.{name} has the key {odd[0]!r}'
    info = hub['runtime_info']
    # The hook removes files by what these say.
    kept = info.get('keep_ckpt_ids', [])
    if not isinstance(kept, list) or not all(map(_is_count, kept)):
        return 'message_hub.runtime_info.keep_ckpt_ids should hold numbers'
    for name, path in info.items():
        if name.startswith(('best_ckpt', 'last_ckpt')) and not (
            path is None or isinstance(path, str)
        ):
            return f'message_hub.runtime_info.{name} should be a path'
    return None


def _wrong_states(content: Dict[str, Any]) -> Optional[str]:
    if not isinstance(content.get('optimizer', {}), dict):
        return "'optimizer' is no dict"
    if not isinstance(content.get('param_schedulers', []), (list, dict)):
        return "'param_schedulers' is no list"
    return None


def _is_count(value: Any) -> bool:
    return (
        isinstance(value, int) and not isinstance(value, bool) and value >= 0
    )
