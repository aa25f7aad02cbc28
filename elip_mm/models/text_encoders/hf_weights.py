# Copyright (c) elip_mm contributors. All rights reserved.
"""Weights in the folders of transformers, read without unpickling.

Its releases before 4.41 unpickle whatever a file holds, with any torch.
"""

import json
import os
from typing import Any, Dict, List

from torch import Tensor, nn

from elip_mm.checkpoint import find_weights, load_checkpoint_file

__all__ = ['load_hf_encoder']

# In the order of preference; the second of each kind lists several files.
_NAMES = (
    'model.safetensors',
    'model.safetensors.index.json',
    'pytorch_model.bin',
    'pytorch_model.bin.index.json',
)


def load_hf_encoder(source: str) -> nn.Module:
    """Build an encoder of transformers with the weights of a folder.

    Args:
        source (str): Local folder or hub name.

    Returns:
        nn.Module: The encoder, with its pooler if there is one.

    Raises:
        OSError: If there is no folder, config or file of weights.
        ValueError: If a file is damaged, holds anything but tensors, or does
            not fit the config beside it.
    """
    from transformers import MODEL_MAPPING, AutoConfig

    state = _read_weights(source)
    config = AutoConfig.from_pretrained(source, trust_remote_code=False)
    encoder: Any = MODEL_MAPPING[type(config)]  # type: ignore[index]
    try:
        # Renames what older releases saved under other names.
        model, info = encoder.from_pretrained(
            None, config=config, state_dict=state, output_loading_info=True
        )
    except RuntimeError as error:
        raise ValueError(
            f'{source}: the weights do not fit its config.json: {error}'
        ) from error
    missing = [
        key for key in info['missing_keys'] if not key.startswith('pooler.')
    ]
    if missing:
        raise ValueError(
            f'{source}: the weights lack {", ".join(missing[:4])} '
            f'({len(missing)} in all), which its config.json asks for.'
        )
    return model


def _read_weights(source: str) -> Dict[str, Tensor]:
    weights: Dict[str, Tensor] = {}
    for path in _find_files(source):
        weights.update(_read_file(path))
    return weights


def _find_files(source: str) -> List[str]:
    from transformers.utils import cached_file

    for name in _NAMES:
        try:
            path = cached_file(source, name)
        except OSError:
            continue
        if path is None:
            continue
        if not name.endswith('.json'):
            return [path]
        return [str(cached_file(source, part)) for part in _read_index(path)]
    raise OSError(f'there is none of {", ".join(_NAMES)}.')


def _read_index(path: str) -> List[str]:
    """Names of the files that hold the weights together."""
    try:
        with open(path, encoding='utf-8') as file:
            parts = sorted(set(json.load(file)['weight_map'].values()))
        inside = all(os.path.basename(part) == part for part in parts)
    except (AttributeError, KeyError, RecursionError, TypeError) as error:
        raise ValueError(f'{path} has no weight_map of file names.') from error
    except ValueError as error:
        raise ValueError(f'{path} is no json: {error}') from error
    if not inside:
        raise ValueError(f'{path} names files outside of its folder.')
    return parts


def _read_file(path: str) -> Dict[str, Tensor]:
    return find_weights(load_checkpoint_file(path, 'cpu'), path)
