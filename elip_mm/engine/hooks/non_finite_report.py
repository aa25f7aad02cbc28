# Copyright (c) elip_mm contributors. All rights reserved.
"""What is known about a step that gave no finite numbers."""

from typing import Any, Dict, Iterator, List, Optional, Sequence

import torch
from mmengine.dist import is_distributed
from torch import Tensor, nn

from elip_mm.checkpoint.differences import join_some
from elip_mm.utils.finite import all_finite
from elip_mm.utils.model_wrappers import unwrap_model

__all__ = ['describe_batch', 'describe_cause', 'describe_terms']


def describe_terms(terms: Dict[str, Any], gradient: Optional[str]) -> str:
    """Name the first loss term that is not finite, or what else is not.

    Args:
        terms (dict[str, Any]): Loss terms of this process, in their order.
        gradient (str, optional): Parameter whose gradient is not finite.

    Returns:
        str: Half a sentence.
    """
    broken = [name for name, value in terms.items() if not _finite(value)]
    if broken:
        first, *others = broken
        value = torch.as_tensor(terms[first]).detach().float().mean().item()
        also = f', and so are {", ".join(others)}' if others else ''
        return f'{first} is {value}{also}'
    if gradient is not None:
        return f'all losses are finite, but the gradient of {gradient} is not'
    return 'a loss or a gradient of another process is not finite'


def describe_batch(data_batch: Any, at_most: int = 16) -> str:
    """Name the images of a batch.

    Args:
        data_batch (Any): What the data loader gave.
        at_most (int): Images that are named. Defaults to 16.

    Returns:
        str: Their ids or paths, as far as the batch has any.
    """
    names = _image_names(data_batch)
    if not names:
        return 'The batch does not say which images it holds.'
    return f'Images of the batch: {join_some(names, at_most)}.'


def describe_cause(model: nn.Module, data_batch: Any) -> str:
    """Say where the first numbers are that are not finite.

    Pixels come before weights, and weights before features: what comes first
    explains what follows.

    Args:
        model (nn.Module): The model. Its features are computed once more, in
            evaluation mode, unless that would need the other processes.
        data_batch (Any): What the data loader gave.

    Returns:
        str: A sentence.
    """
    model = unwrap_model(model)
    names = _image_names(data_batch)
    rows = _broken_rows(data_batch)
    if rows:
        which = [names[i] if i < len(names) else str(i) for i in rows]
        return f'Pixels of these are not finite: {", ".join(which)}.'
    weights = [n for n, p in model.named_parameters() if not all_finite([p])]
    if weights:
        return (
            f'Weights are not finite: {weights[0]}, and {len(weights) - 1} '
            'others.'
        )
    features = [] if is_distributed() else list(_features(model, data_batch))
    if features:
        return (
            'All pixels and weights are finite, but features or scores are '
            f'not: {", ".join(features)}.'
        )
    return 'All pixels and weights are finite.'


def _finite(value: Any) -> bool:
    return bool(torch.as_tensor(value).isfinite().all())


def _image_names(data_batch: Any) -> List[str]:
    samples = data_batch if isinstance(data_batch, dict) else {}
    names = []
    for sample in samples.get('data_samples') or ():
        for key in ('image_id', 'img_path', 'sample_idx'):
            if sample.get(key) is not None:
                names.append(str(sample.get(key)))
                break
    return names


def _broken_rows(data_batch: Any) -> List[int]:
    inputs = data_batch.get('inputs') if isinstance(data_batch, dict) else None
    images: Sequence[Any] = () if inputs is None else inputs
    return [
        i
        for i, image in enumerate(images)
        if isinstance(image, Tensor) and not all_finite([image])
    ]


def _features(model: Any, data_batch: Any) -> Iterator[str]:
    """Names of the features of a batch that are not finite."""
    training = model.training
    model.eval()
    try:
        with torch.no_grad():
            data = model.data_preprocessor(data_batch, False)
            features = model(**data, mode='tensor')
    except (AttributeError, KeyError, RuntimeError, TypeError, ValueError):
        return  # nothing to add to what is known already
    finally:
        model.train(training)
    if isinstance(features, dict):
        for name, value in features.items():
            if isinstance(value, Tensor) and not all_finite([value]):
                yield name
