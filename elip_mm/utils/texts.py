# Copyright (c) elip_mm contributors. All rights reserved.
"""What is handed to tokenizers and to the cleaning of captions.

A wrong type raises a TypeError, which says who was called and with what.
"""

from typing import Any, List

from .checks import check_list, check_whole, shown

__all__ = ['check_ids', 'check_text', 'check_texts', 'mend_text']


def check_text(owner: str, text: Any) -> str:
    """Check a single text that is handed to a call.

    Args:
        owner (str): Who was called.
        text (Any): The text.

    Returns:
        str: The text as :func:`mend_text` leaves it.

    Raises:
        TypeError: It is no text.
    """
    if not isinstance(text, str):
        raise TypeError(f'{owner} expects a text, but got {shown(text)}.')
    return mend_text(text)


def check_texts(owner: str, texts: Any) -> List[str]:
    """Check a batch of texts that is handed to a call.

    Args:
        owner (str): Who was called.
        texts (Any): The batch.

    Returns:
        List[str]: The texts, each as :func:`mend_text` leaves it.

    Raises:
        TypeError: It is no list, or an entry no text.
    """
    if isinstance(texts, str):
        raise TypeError(
            f'{owner} expects a list of texts, but got the single text '
            f'{shown(texts)}; put it in a list.'
        )
    try:
        entries = check_list(owner, texts)
    except ValueError:
        raise TypeError(
            f'{owner} expects a list of texts, but got {shown(texts)}.'
        ) from None
    for place, text in enumerate(entries):
        if not isinstance(text, str):
            raise TypeError(
                f'{owner} expects a list of texts, but entry {place} is '
                f'{shown(text)}.'
            )
    return [mend_text(text) for text in entries]


def check_ids(owner: str, ids: Any) -> List[int]:
    """Check a row of token numbers that is handed to a call.

    Args:
        owner (str): Who was called.
        ids (Any): A list or a tensor of one dimension.

    Returns:
        List[int]: The numbers.

    Raises:
        TypeError: It is something else.
    """
    try:
        row = ids.tolist() if hasattr(ids, 'tolist') else ids
        return [
            check_whole(owner, number, high=2**32 - 1)
            for number in check_list(owner, row)
        ]
    except ValueError:
        raise TypeError(
            f'{owner} expects one row of token numbers, which are not '
            f'negative, but got {shown(ids)}.'
        ) from None


def mend_text(text: str) -> str:
    """Make a text one that can be written and tokenized.

    Json may hold halves of characters (``"\\ud83d"``), which no tokenizer
    takes. Two halves become the character that they are, a lone one becomes
    U+FFFD, the mark for what could not be read.

    Args:
        text (str): Any text.

    Returns:
        str: The same object if there was nothing to mend.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode('utf-16', 'surrogatepass').decode(
            'utf-16', 'replace'
        )
    return text
