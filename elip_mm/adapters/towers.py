# Copyright (c) elip_mm contributors. All rights reserved.
from typing import Dict, List, Optional, Sequence, Union

from mmpretrain.models.backbones import VisionTransformer
from torch import nn

from elip_mm.models.backbones import PrunedViT


def find_towers(
    model: nn.Module,
    target: Union[str, Sequence[str], None],
    usual: Optional[str],
) -> Dict[str, VisionTransformer]:
    """Find the plain vision towers of a model that shall reduce.

    Args:
        model (nn.Module): The model.
        target (str or Sequence[str], optional): Name or names; None for the
            usual one.
        usual (str, optional): Name of the vision tower in models of this
            class; None if it has to be searched for.

    Returns:
        dict[str, VisionTransformer]: By name.
    """
    if target is None:
        target = _guess(model) if usual is None else usual
    names = [target] if isinstance(target, str) else list(target)
    towers = {}
    for name in names:
        tower = _get(model, name)
        _check_plain(model, name, tower)
        towers[name] = tower
    return towers


def plain_towers(model: nn.Module) -> List[str]:
    """Names of all plain ViTs in a model, momentum copies included."""
    return [
        name
        for name, module in model.named_modules()
        if type(module) is VisionTransformer
    ]


def is_momentum_copy(name: str) -> bool:
    """Whether a module is a moving average by its name."""
    words = name.replace('.', '_').lower().split('_')
    return words[-1] == 'm' or bool(
        {'momentum', 'ema', 'teacher'} & set(words)
    )


def _guess(model: nn.Module) -> str:
    found = [
        name for name in plain_towers(model) if not is_momentum_copy(name)
    ]
    if len(found) == 1:
        return found[0]
    kind = type(model).__name__
    if found:
        raise ValueError(
            f'{kind} has several plain VisionTransformers, '
            f'{", ".join(found)}; say in target which of them shall reduce.'
        )
    raise ValueError(
        f'{kind} has no plain VisionTransformer of mmpretrain to reduce'
        f'{_others(model)}; other architectures are not supported.'
    )


def _others(model: nn.Module) -> str:
    pruned = [
        name
        for name, module in model.named_modules()
        if isinstance(module, PrunedViT)
    ]
    if pruned:
        return f' ({", ".join(pruned)} reduces already)'
    return ''


def _get(model: nn.Module, name: str) -> nn.Module:
    try:
        return model.get_submodule(name)
    except AttributeError:
        found = ', '.join(plain_towers(model)) or 'none'
        raise ValueError(
            f'{type(model).__name__} has no module {name!r}; plain '
            f'VisionTransformers in it: {found}.'
        ) from None


def _check_plain(model: nn.Module, name: str, tower: nn.Module) -> None:
    kind = type(model).__name__
    if type(tower) is VisionTransformer:
        if 'forward' in vars(tower):
            raise ValueError(
                f'the {name} of {kind} has a forward that was replaced, as '
                "mmengine's activation_checkpointing does, so it would not "
                'reduce; leave it out there and set with_cp=True for the '
                'reducer instead.'
            )
        return
    if isinstance(tower, PrunedViT):
        raise ValueError(
            f'the {name} of {kind} is a PrunedViT, which reduces by itself; '
            'set its reducer in the config of the model instead.'
        )
    found = ', '.join(plain_towers(model))
    mend = f'set target to one of {found}' if found else 'use another model'
    raise ValueError(
        f'the {name} of {kind} is a {type(tower).__name__}, not a plain '
        f'VisionTransformer of mmpretrain; {mend}.'
    )
