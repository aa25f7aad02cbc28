# Copyright (c) elip_mm contributors. All rights reserved.
"""Weights that a part of a model starts from."""

from collections import Counter
from contextlib import contextmanager
from fnmatch import fnmatchcase
from typing import Any, Dict, Iterable, Iterator, List, Optional, Sequence

from mmengine.logging import print_log
from mmengine.model import PretrainedInit as BasePretrainedInit
from mmengine.runner import CheckpointLoader
from torch import Tensor, nn

from elip_mm.registry import WEIGHT_INITIALIZERS
from elip_mm.utils.type_names import type_name

from .contents import find_weights
from .differences import load_and_compare
from .loading import use_safe_loading

__all__ = ['PretrainedInit', 'has_pretrained', 'pretrained_last']


@WEIGHT_INITIALIZERS.register_module(name='Pretrained')
class PretrainedInit(BasePretrainedInit):
    """Start a part of a model from a file, all of it or with an error.

    It is what ``init_cfg=dict(type='Pretrained', checkpoint=...)`` means in
    configs of this library. mmengine's own loads what fits, if anything, and
    goes on with random weights; here what may be missing is in the config.

    Args:
        checkpoint (str): Path or URL, of torch or ``.safetensors``. A file of
            a whole run may be given as well; its weights are meant.
        prefix (str, optional): What the names of this part begin with in the
            file, such as ``'vision_backbone.'``; all other weights belong to
            other parts. Defaults to None: the file is of this part alone.
        map_location (str): Where tensors are loaded to. Defaults to 'cpu'.
        allow_missing (Sequence[str]): Weights of this part that may not be in
            the file and stay as initialised, as patterns of a shell, such as
            ``'*.crossattention.*'``. Defaults to ().
        allow_unexpected (Sequence[str]): Weights in the file that are left
            out, the same. Defaults to ().
    """

    def __init__(
        self,
        checkpoint: str,
        prefix: Optional[str] = None,
        map_location: str = 'cpu',
        allow_missing: Sequence[str] = (),
        allow_unexpected: Sequence[str] = (),
    ) -> None:
        super().__init__(checkpoint, prefix, map_location)
        for name, patterns in (
            ('allow_missing', allow_missing),
            ('allow_unexpected', allow_unexpected),
        ):
            if isinstance(patterns, str):
                raise ValueError(
                    f'Pretrained: {name} is a list of patterns; write '
                    f'{name}=[{patterns!r}].'
                )
        self.allow_missing = tuple(allow_missing)
        self.allow_unexpected = tuple(allow_unexpected)

    def __call__(self, module: nn.Module) -> None:
        """Load the weights where mmengine asks for it.

        Args:
            module (nn.Module): The part.

        Raises:
            ValueError: As :meth:`load`, and if mmengine would draw random
                weights over what was loaded, as it knows one name only.
        """
        for entry in _entries(getattr(module, 'init_cfg', None)):
            kind = entry.get('type')
            if (
                _is_pretrained(entry)
                and kind != 'Pretrained'
                and kind not in (PretrainedInit.__mro__)
            ):
                raise ValueError(
                    f'{type(module).__name__}: outside of a model of elip_mm, '
                    f"write init_cfg=dict(type='Pretrained', ...), not "
                    f'{kind!r}: by that name mmengine does not know it, and '
                    'draws random weights over those of the file.'
                )
        self.load(module)

    def load(self, module: nn.Module) -> None:
        """Load the weights.

        Args:
            module (nn.Module): The part.

        Raises:
            ValueError: If weights have other shapes, or are missing or left
                over without permission. The message names some of them.
        """
        use_safe_loading()
        content = CheckpointLoader.load_checkpoint(
            self.checkpoint, self.map_location
        )
        weights = {
            name.removeprefix('module.'): value
            for name, value in find_weights(content, self.checkpoint).items()
        }
        own = self._choose(weights, module)
        found = load_and_compare(module, own)
        found.missing = _without(found.missing, self.allow_missing)
        found.unexpected = _without(found.unexpected, self.allow_unexpected)
        if not found.fits:
            raise ValueError(
                '\n  '.join(
                    [
                        f'{self._source} does not fit '
                        f'{type(module).__name__}:',
                        *found.lines(),
                        'Give the file of such a part, or say what may '
                        "differ: init_cfg=dict(type='Pretrained', "
                        'allow_missing=[...], allow_unexpected=[...]), with '
                        'patterns of names.',
                    ]
                )
            )
        print_log(
            f'{type(module).__name__}: {len(own)} tensors of {self._source}',
            logger='current',
        )

    @property
    def _source(self) -> str:
        part = f' (prefix {self.prefix!r})' if self.prefix else ''
        return f'{self.checkpoint}{part}'

    def _choose(
        self, weights: Dict[str, Tensor], module: nn.Module
    ) -> Dict[str, Tensor]:
        """Weights of this part, by their names in the part."""
        names = set(module.state_dict())
        chosen = weights
        if self.prefix:
            prefix = f'{self.prefix.rstrip(".")}.'
            chosen = {
                name[len(prefix) :]: tensor
                for name, tensor in weights.items()
                if name.startswith(prefix)
            }
        if not chosen or (not self.prefix and names.isdisjoint(chosen)):
            suggested = _suggest_prefix(names, weights)
            mend = (
                f'set prefix={suggested!r}'
                if suggested
                else 'is it of another model'
            )
            raise ValueError(
                f'{self._source} has no weight of {type(module).__name__}: it '
                f'holds {len(weights)} tensors such as '
                f'{", ".join(list(weights)[:3])}; {mend}?'
            )
        return chosen


def has_pretrained(init_cfg: Any) -> bool:
    """Whether an ``init_cfg`` reads weights from a file.

    Args:
        init_cfg (dict or list[dict], optional): One entry or several; a type
            may be a name, with or without a scope, or the class itself.
    """
    return any(map(_is_pretrained, _entries(init_cfg)))


@contextmanager
def pretrained_last(model: nn.Module) -> Iterator[None]:
    """Load files after all else in the context has been initialised.

    mmengine, mmpretrain and models recognise such an entry each in their own
    way: under another spelling, or in a list, some draw random weights over
    what was loaded. Here nobody meets one; files come last, and always by
    :class:`PretrainedInit`, those of parts before those of the whole.

    Args:
        model (nn.Module): The model whose ``init_weights`` is called within.
    """
    waiting = []
    for module in _initialized_modules(model):
        init_cfg = getattr(module, 'init_cfg', None)
        if has_pretrained(init_cfg) and not getattr(module, 'is_init', False):
            waiting.append((module, init_cfg))
            rest = [e for e in _entries(init_cfg) if not _is_pretrained(e)]
            module.init_cfg = rest or None
    try:
        yield
    finally:
        for module, init_cfg in waiting:
            module.init_cfg = init_cfg
    for module, init_cfg in reversed(waiting):
        for entry in filter(_is_pretrained, _entries(init_cfg)):
            settings = {k: v for k, v in entry.items() if k != 'type'}
            PretrainedInit(**settings).load(module)


def _initialized_modules(module: nn.Module) -> Iterator[Any]:
    """Modules that mmengine initialises, parents first.

    It does not look into plain modules: what they hold, such as the momentum
    encoder, takes care of itself.
    """
    yield module
    for child in module.children():
        if hasattr(child, 'init_weights'):
            yield from _initialized_modules(child)


def _is_pretrained(entry: Any) -> bool:
    return isinstance(entry, dict) and type_name(entry.get('type')) in (
        'Pretrained',
        'PretrainedInit',
    )


def _entries(init_cfg: Any) -> List[Any]:
    if isinstance(init_cfg, (list, tuple)):
        return list(init_cfg)
    return [init_cfg] if init_cfg else []


def _without(names: List[str], patterns: Sequence[str]) -> List[str]:
    return [
        name
        for name in names
        if not any(fnmatchcase(name, pattern) for pattern in patterns)
    ]


def _suggest_prefix(
    names: Iterable[str], weights: Dict[str, Tensor]
) -> Optional[str]:
    """What most weights in the file have in front of names of the part."""
    found = Counter(
        key[: -len(name)]
        for name in names
        for key in weights
        if key.endswith(f'.{name}')
    )
    return found.most_common(1)[0][0] if found else None
