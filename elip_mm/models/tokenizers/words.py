# Copyright (c) elip_mm contributors. All rights reserved.
from typing import Any, List

import torch
from tokenizers import Tokenizer
from torch import Tensor

# What the first piece of a word begins with in byte-level and sentencepiece
# vocabularies, where WordPiece marks the pieces after it.
WORD_STARTS = ('Ġ', '▁')


# Tokens that are never hidden, by the names that tokenizers have for them.
_SPECIAL = ('pad_id', 'sot_id', 'eot_id', 'cls_id', 'sep_id')


def special_ids(tokenizer: Any) -> List[int]:
    """Ids of the tokens that stand for no word: padding, start, end.

    Args:
        tokenizer (Any): A tokenizer of this library.

    Returns:
        list[int]: Those that it has.
    """
    names = (name for name in _SPECIAL if hasattr(tokenizer, name))
    return [getattr(tokenizer, name) for name in names]


def continuing_tokens(tokenizer: Tokenizer) -> Tensor:
    """Tell which tokens of a vocabulary go on with a word.

    Args:
        tokenizer (tokenizers.Tokenizer): WordPiece, byte-level or
            sentencepiece.

    Returns:
        Tensor: Bool, shape ``(V,)``. Special tokens continue nothing.
    """
    vocabulary = tokenizer.get_vocab(with_added_tokens=True)
    special = set(tokenizer.get_added_tokens_decoder())
    marked = any(token.startswith(WORD_STARTS) for token in vocabulary)
    table = torch.zeros(max(vocabulary.values()) + 1, dtype=torch.bool)
    for token, number in vocabulary.items():
        if number in special:
            continue
        if marked:
            table[number] = not token.startswith(WORD_STARTS)
        else:
            table[number] = token.startswith('##')
    return table
