# Copyright (c) elip_mm contributors. All rights reserved.
import inspect
from typing import Dict, Optional, Sequence, Union

from torch import nn

from elip_mm.registry import TOKEN_REDUCERS
from elip_mm.utils.model_wrappers import unwrap_model

from .attachment import Attachment, find_attachment, reduced_class
from .base import ModelAdapter
from .checks import check_during, check_width, choose_adapter
from .guidance_scope import AdaptedViT
from .towers import find_towers


def attach_reducer(
    model: nn.Module,
    reducer: dict,
    target: Union[str, Sequence[str], None] = None,
    during: Sequence[str] = ('loss',),
    guidance: str = 'auto',
    adapter: Optional[ModelAdapter] = None,
    with_cp: bool = False,
) -> nn.Module:
    """Make a model of mmpretrain reduce its vision tokens, in place.

    The plain ``VisionTransformer`` in it starts to reduce while ``loss``
    runs. Parameters, their names and the objects that hold them stay, so an
    optimizer or a wrapper that knows the model need not be made anew, and
    checkpoints fit the plain model. :func:`detach_reducer` undoes it.

    Args:
        model (nn.Module): ``BlipRetrieval``, ``BlipCaption``, ``BlipVQA``,
            ``BlipNLVR``, ``ImageClassifier``, ``CLIP``, or another model with
            ``guidance='none'``; it may be wrapped for distributed training.
        reducer (dict): Config of a strategy from ``TOKEN_REDUCERS``. Where
            there is no text, ``ELIPReducer`` ranks by vision alone unless
            its config says otherwise.
        target (str or Sequence[str], optional): Name of the tower, or names.
            Defaults to None: the model's vision tower, never a momentum copy.
        during (Sequence[str]): When to reduce, ``'loss'`` and
            ``'predict'``. Defaults to ('loss',).
        guidance (str): ``'auto'``: by the model's own text where there is a
            text tower, otherwise by vision alone; ``'text'``: insist on
            text; ``'none'``: by vision alone. Defaults to 'auto'.
        adapter (ModelAdapter, optional): Adapter for a model of your own.
            Defaults to None, one of the library's.
        with_cp (bool): Whether to recompute layers in the backward pass.
            Defaults to False.

    Returns:
        nn.Module: ``model``.
    """
    inner = unwrap_model(model)
    name = type(inner).__name__
    if find_attachment(inner) is not None:
        raise ValueError(
            f'{name} already has a reducer attached; detach_reducer(model) '
            'comes before another one.'
        )
    adapter = choose_adapter(inner, adapter, guidance)
    during = check_during(inner, during)
    towers = find_towers(inner, target, adapter.tower)
    check_width(inner, adapter, towers)
    reducer = _complete(reducer)
    _adopt(towers, reducer, with_cp)
    for tower in towers.values():
        tower.reduces_in_loss = 'loss' in during
    plain: type = type(inner)
    inner._attachment = Attachment(adapter, tuple(towers), during, plain)
    inner.__class__ = reduced_class(plain)
    return model


def detach_reducer(model: nn.Module) -> nn.Module:
    """Turn a model back into the plain one, in place.

    Args:
        model (nn.Module): What :func:`attach_reducer` returned.

    Returns:
        nn.Module: ``model``.
    """
    inner = unwrap_model(model)
    attachment = find_attachment(inner)
    if attachment is None:
        raise ValueError(
            f'{type(inner).__name__} has no reducer attached; '
            'attach_reducer(model, reducer) comes first.'
        )
    for name in attachment.towers:
        inner.get_submodule(name).release()
    inner.__class__ = attachment.plain
    del inner._attachment
    return model


def _adopt(towers: Dict[str, nn.Module], reducer: dict, with_cp: bool) -> None:
    """Let all towers reduce, or none if the reducer does not fit one."""
    try:
        for tower in towers.values():
            AdaptedViT.adopt(tower, reducer, with_cp)
    except Exception:
        for tower in towers.values():
            if isinstance(tower, AdaptedViT):
                tower.release()
        raise


def _complete(reducer: dict) -> dict:
    """Check the config of a reducer; rank by vision where text is missing."""
    reducer = dict(reducer)
    kind = reducer.get('type')
    found = TOKEN_REDUCERS.get(kind) if isinstance(kind, str) else kind
    if found is None:
        known = ', '.join(sorted(TOKEN_REDUCERS.module_dict))
        raise ValueError(
            f'attach_reducer: there is no token reducer {kind!r}; choose one '
            f'of {known}.'
        )
    if 'scores' in found.needs:
        raise ValueError(
            f'{found.__name__} needs scores from a moving-average tower, '
            'which these models do not compute; choose another reducer, or '
            'train one of the models of elip_mm.'
        )
    if 'without_guidance' in inspect.signature(found.__init__).parameters:
        reducer.setdefault('without_guidance', 'vision')
    return reducer
