# Copyright (c) elip_mm contributors. All rights reserved.
"""What all tokenizers ask of their settings."""

from pathlib import Path
from typing import Any, Optional, Tuple

from tokenizers import Tokenizer

from elip_mm.utils.checks import check_path, check_whole, shown

# Longer rows than any text tower has; a slip of the keyboard beyond it would
# end for lack of memory, without a word.
_LONGEST = 1_000_000


def check_context_length(owner: str, length: Any, low: int) -> int:
    """Check the length of rows.

    Args:
        owner (str): Class that asks.
        length (Any): The length, in tokens.
        low (int): Special tokens that need room.

    Returns:
        int: The length.
    """
    name = f'{owner}: context_length, with room for {low} tokens,'
    return check_whole(name, length, low, _LONGEST)


def find_token(owner: str, tokenizer: Tokenizer, token: Any) -> Optional[int]:
    """Look up the number of a token.

    Args:
        owner (str): Class that asks.
        tokenizer (tokenizers.Tokenizer): The tokenizer proper.
        token (Any): A token.

    Returns:
        int or None: Its number, None if the vocabulary lacks it.
    """
    if not isinstance(token, str):
        raise TypeError(f'{owner}: a token is a text, but got {shown(token)}.')
    try:
        return tokenizer.token_to_id(token)
    except TypeError:  # half a character, see `mend_text`
        return None


def read_name(owner: str, name_or_path: Any) -> Tuple[str, Path]:
    """Check the place of a vocabulary.

    Args:
        owner (str): Class that asks.
        name_or_path (Any): A folder or a name on the hub.

    Returns:
        tuple[str, Path]: The name, and the folder if it is one.
    """
    name = check_path(f'{owner}: name_or_path', name_or_path)
    if not name:
        raise ValueError(f'{owner}: name_or_path is empty.')
    try:
        path = Path(name).expanduser()
        path.is_dir()
    except (OSError, RuntimeError, ValueError):
        raise ValueError(
            f'{owner}: name_or_path must be a folder or a name on the hub, '
            f'but got {shown(name_or_path)}.'
        ) from None
    return name, path
