# Copyright (c) elip_mm contributors. All rights reserved.
import functools
import inspect
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Callable, Iterator, Optional, Sequence, Tuple, Union

from torch import nn

from elip_mm.models.backbones import build_reducer_for
from elip_mm.registry import TOKEN_REDUCERS
from elip_mm.utils.model_wrappers import unwrap_model

from .checks import check_during, check_width, choose_adapter
from .guidance_scope import (
    AdaptedViT,
    GuidanceContext,
    current_guidance,
    guidance_scope,
)
from .registered import ModelAdapter
from .towers import find_towers

# Methods through which models are used, and what they are used for.
_METHODS = {'loss': 'loss', 'predict': 'predict', 'extract_feat': 'predict'}


@dataclass(frozen=True)
class Attachment:
    """What :func:`attach_reducer` did to a model.

    Args:
        host (ModelAdapter): Adapter of the model.
        towers (tuple[str]): Names of the towers that reduce.
        during (tuple[str]): Among 'loss' and 'predict'.
        plain (type): Class of the model before.
    """

    adapter: ModelAdapter
    towers: Tuple[str, ...]
    during: Tuple[str, ...]
    plain: type

    @contextmanager
    def scope(self, model: nn.Module, phase: str, args, kwargs) -> Iterator:
        """Give the towers of a model their cue while a method runs."""
        context = current_guidance()
        if context is not None and context.adapter is model:
            # A method that another one calls: the outer one has decided.
            yield
            return
        towers, guidance = (), None
        if phase in self.during:
            towers = tuple(model.get_submodule(name) for name in self.towers)
            guidance = self.adapter.guide(model, *_batch(args, kwargs), phase)
        with guidance_scope(GuidanceContext(model, towers, guidance)):
            yield


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
    if hasattr(inner, '_attachment'):
        raise ValueError(
            f'{name} already has a reducer attached; detach_reducer(model) '
            'comes before another one.'
        )
    adapter = choose_adapter(inner, adapter, guidance)
    during = check_during(inner, during)
    towers = find_towers(inner, target, adapter.tower)
    check_width(inner, adapter, towers)
    reducer = _complete(reducer)
    for tower in towers.values():  # unfit stages fail before any change
        build_reducer_for(tower, reducer)
    for tower in towers.values():
        AdaptedViT.adopt(tower, reducer, with_cp)
    inner._attachment = Attachment(adapter, tuple(towers), during, type(inner))
    inner.__class__ = _reduced_class(type(inner))
    return model


def detach_reducer(model: nn.Module) -> nn.Module:
    """Turn a model back into the plain one, in place.

    Args:
        model (nn.Module): What :func:`attach_reducer` returned.

    Returns:
        nn.Module: ``model``.
    """
    inner = unwrap_model(model)
    attachment = getattr(inner, '_attachment', None)
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


@functools.cache
def _reduced_class(plain: type) -> type:
    """Subclass whose methods give the towers their cue."""
    members = {
        name: _guarded(plain, name, phase)
        for name, phase in _METHODS.items()
        if hasattr(plain, name)
    }
    members['set_pruning_strength'] = _set_pruning_strength
    members['__doc__'] = plain.__doc__
    return type(f'Reduced{plain.__name__}', (plain,), members)


def _guarded(plain: type, name: str, phase: str) -> Callable:
    method = getattr(plain, name)

    @functools.wraps(method)
    def guarded(self, *args, **kwargs):
        with self._attachment.scope(self, phase, args, kwargs):
            return method(self, *args, **kwargs)

    return guarded


def _set_pruning_strength(self, strength: float) -> None:
    """Ease the reduction: 0 keeps all tokens, 1 is as configured."""
    for name in self._attachment.towers:
        self.get_submodule(name).set_pruning_strength(strength)


def _batch(args: tuple, kwargs: dict) -> tuple:
    """Images and data samples among the arguments of a method."""
    names = ('images', 'inputs')
    images = (
        args[0]
        if args
        else next((kwargs[name] for name in names if name in kwargs), None)
    )
    samples = args[1] if len(args) > 1 else kwargs.get('data_samples')
    return images, samples
