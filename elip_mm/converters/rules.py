# Copyright (c) elip_mm contributors. All rights reserved.
"""Renaming of state dicts by one table, there and back."""

from typing import Any, Dict, Iterable, List, Sequence

from .templates import Template, translate

__all__ = ['Rules', 'absent_rules', 'below', 'rename', 'rename_back']

# Key templates of the other code, and ours.
Rules = Sequence[Template]


def below(rules: Rules, theirs: str, ours: str) -> List[Template]:
    """The same rules for a part of a model.

    Args:
        rules (Sequence[tuple[str, str]]): Rules of the part alone.
        theirs (str): What stands before their keys, with the dot.
        ours (str): What stands before ours.

    Returns:
        list[tuple[str, str]]: Rules for keys of the whole model.
    """
    return [(f'{theirs}{left}', f'{ours}{right}') for left, right in rules]


def rename(
    state: Dict[str, Any], rules: Rules, ignore: Sequence[str] = ()
) -> Dict[str, Any]:
    """Rename the tensors of other code to our names.

    Args:
        state (dict[str, Tensor]): The foreign state dict.
        rules (Sequence[tuple[str, str]]): Pairs of templates as described at
            :func:`translate`, theirs and ours. The first that fits a whole
            key is taken.
        ignore (Sequence[str]): Templates of foreign keys that have no
            counterpart here. Defaults to ().

    Returns:
        dict[str, Tensor]: The same tensors under our names.

    Raises:
        ValueError: If keys are left over, with their names, or if two
            tensors would get the same name.
    """
    renamed: Dict[str, Any] = {}
    left = []
    for key, value in state.items():
        if any(translate(key, item, item) is not None for item in ignore):
            continue
        names = (translate(key, *rule) for rule in rules)
        name = next((name for name in names if name is not None), None)
        if name is None:
            left.append(key)
        elif name in renamed:
            raise ValueError(
                f'two tensors of the checkpoint map to {name!r}; '
                f'the second is {key!r}.'
            )
        else:
            renamed[name] = value
    if left:
        shown = ', '.join(left[:8])
        raise ValueError(
            f'{len(left)} keys of the checkpoint match no rule: {shown}'
            f'{", ..." if len(left) > 8 else ""}. Is it of another model?'
        )
    return renamed


def rename_back(state: Dict[str, Any], rules: Rules) -> Dict[str, Any]:
    """Rename our tensors to the names of other code.

    Of several names that the other code has for the same tensor, that of the
    first rule is taken.

    Args:
        state (dict[str, Tensor]): A state dict of ours.
        rules (Sequence[tuple[str, str]]): As for :func:`rename`.

    Returns:
        dict[str, Tensor]: The same tensors under their names.

    Raises:
        ValueError: As for :func:`rename`.
    """
    return rename(state, [(ours, theirs) for theirs, ours in rules])


def absent_rules(ours: Iterable[str], rules: Rules) -> List[Template]:
    """Rules that no tensor needs, though their part of the model is there.

    What a part holds in each layer, and parts as a whole, are for strict
    loading to tell.

    Args:
        ours (Iterable[str]): Keys under our names.
        rules (Sequence[tuple[str, str]]): As for :func:`rename`.

    Returns:
        list[tuple[str, str]]: Such rules; none if nothing is missing.
    """
    keys = list(ours)
    parts = {_part(key) for key in keys}
    return [
        rule
        for rule in rules
        if _part(rule[1]) in parts
        and all(translate(key, *rule[::-1]) is None for key in keys)
    ]


def _part(ours: str) -> str:
    """The part of our model that a key or a template belongs to."""
    first, *rest = ours.split('.')
    nested = rest and first in ('heads', 'momentum_encoder')
    return f'{first}.{rest[0]}' if nested else first
