# Copyright (c) elip_mm contributors. All rights reserved.
"""What an attached model knows, and the class that it has meanwhile."""

import copyreg
import functools
import pickle
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Callable, Dict, Iterator, List, Optional, Tuple

from mmpretrain.structures import DataSample
from torch import Tensor, nn

from elip_mm.structures import Hints, TokenState

from .base import ModelAdapter
from .guidance_scope import (
    GuidanceContext,
    current_guidance,
    guidance_scope,
    in_backward,
    refuse_recomputation,
)

# Methods through which models are used, and what they are used for.
_METHODS = {'loss': 'loss', 'predict': 'predict', 'extract_feat': 'predict'}


@dataclass(frozen=True)
class Attachment:
    """What :func:`attach_reducer` did to a model.

    Args:
        adapter (ModelAdapter): Adapter of the model.
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
        """Tell the towers of a model their guidance while a method runs."""
        context = current_guidance()
        if context is not None and context.model is model:
            # A method that another one calls: the outer one has decided.
            yield
            return
        if phase != 'loss' and in_backward():
            refuse_recomputation(f'a part of {self.plain.__name__}')
        towers: Tuple[nn.Module, ...] = ()
        guidance = None
        if phase in self.during:
            towers = tuple(model.get_submodule(name) for name in self.towers)
            images, samples = _batch(args, kwargs)
            guidance = self.adapter.guide(model, images, samples, phase)
        with guidance_scope(GuidanceContext(model, towers, guidance)):
            yield

    def states(
        self,
        model: nn.Module,
        images: Tensor,
        data_samples: Optional[List[DataSample]] = None,
    ) -> Dict[int, TokenState]:
        """See what becomes of the vision tokens of a batch, as in its loss.

        Args:
            model (nn.Module): The model that this belongs to.
            images (Tensor): As the model's ``forward`` takes them.
            data_samples (list[DataSample], optional): Their samples, whose
                text guides. Defaults to None, vision alone ranks.

        Returns:
            dict[int, TokenState]: Layer of the first tower to the tokens
            after it.
        """
        guidance = None
        if data_samples is not None:
            guidance = self.adapter.guide(model, images, data_samples, 'loss')
        tower: Any = model.get_submodule(self.towers[0])
        return tower.states(
            self.adapter.flatten(model, images), Hints(guidance=guidance)
        )


def find_attachment(model: nn.Module) -> Optional[Attachment]:
    """What was attached to a model.

    Args:
        model (nn.Module): The model, without distributed wrapper.

    Returns:
        Attachment or None: None if no reducer is attached.
    """
    return getattr(model, '_attachment', None)


@functools.cache
def reduced_class(plain: type) -> type:
    """Make the subclass whose methods tell the towers their guidance.

    Args:
        plain (type): Class of a model.

    Returns:
        type: The same one at every call.
    """
    members: Dict[str, Any] = {
        name: _guarded(plain, name, phase)
        for name, phase in _METHODS.items()
        if hasattr(plain, name)
    }
    members['set_pruning_strength'] = _set_pruning_strength
    members['__reduce_ex__'] = _reduce_ex
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


def _reduce_ex(self, protocol) -> tuple:
    """Copies and pickles name the plain class: no file has the made one."""
    plain = self._attachment.plain
    # Below protocol 2 objects are written in another way.
    make, args, *rest = plain.__reduce_ex__(self, max(int(protocol), 2))
    plainly = copyreg.__newobj__  # type: ignore[attr-defined]
    if make is not plainly or args != (type(self),):
        raise pickle.PicklingError(
            f'{plain.__name__} has its own way of being pickled, which does '
            'not know the attached reducer; call detach_reducer(model) '
            'before, and attach_reducer afterwards.'
        )
    return (_new_reduced, (plain,), *rest)


def _new_reduced(plain: type) -> nn.Module:
    """An empty instance, which pickle and copy fill with its state."""
    return object.__new__(reduced_class(plain))


def _batch(args: tuple, kwargs: dict) -> Tuple[Any, Any]:
    """Images and data samples among the arguments of a method."""
    names = ('images', 'inputs')
    images = (
        args[0]
        if args
        else next((kwargs[name] for name in names if name in kwargs), None)
    )
    samples = args[1] if len(args) > 1 else kwargs.get('data_samples')
    return images, samples
