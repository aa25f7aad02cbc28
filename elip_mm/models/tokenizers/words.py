# Copyright (c) elip_mm contributors. All rights reserved.
import torch
from tokenizers import Tokenizer
from torch import Tensor

# What the first piece of a word begins with in byte-level and sentencepiece
# vocabularies, where WordPiece marks the pieces after it.
WORD_STARTS = ('Ġ', '▁')


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
