# Copyright (c) elip_mm contributors. All rights reserved.
from typing import Any

__all__ = ['type_name']


def type_name(kind: Any) -> str:
    """Bare name of what a config calls a ``type``.

    Args:
        kind (str or type): A name, with or without a scope; or the class
            itself, in configs that import their types.

    Returns:
        str: The name without scope; empty for None.
    """
    name = kind if isinstance(kind, str) else getattr(kind, '__name__', '')
    return name.split('.')[-1]
