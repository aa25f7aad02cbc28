# Copyright (c) elip_mm contributors. All rights reserved.
from typing import Sequence

import torch
from torch import Tensor

from elip_mm.registry import TOKENIZER
from elip_mm.utils.checks import check_whole
from elip_mm.utils.texts import check_texts

from .checks import check_context_length

# Ids below this one are left to special tokens.
_FIRST_WORD = 5


@TOKENIZER.register_module()
class StandInTokenizer:
    """Gives random words, so that a recipe runs without vocabulary files.

    Its texts mean nothing: it is for counting, timing and tests, and for
    models that get ids directly.

    Args:
        vocab_size (int): Size of the vocabulary.
        context_length (int): Length of a text in tokens; every text is as
            long as it may be.
        **special_ids (int): Ids of special tokens: ``pad_id`` (0 by default),
            ``cls_id`` (2), ``sep_id`` (3), ``mask_id`` (4), and ``dec_id``
            and ``enc_id``, which are the last two of the vocabulary.
    """

    pad_id: int
    cls_id: int
    sep_id: int
    mask_id: int
    dec_id: int
    enc_id: int

    def __init__(
        self, vocab_size: int, context_length: int, **special_ids: int
    ) -> None:
        name = type(self).__name__
        vocab_size = check_whole(f'{name}: vocab_size', vocab_size, 1, 2**31)
        known = dict(
            pad_id=0,
            cls_id=2,
            sep_id=3,
            mask_id=4,
            dec_id=vocab_size - 2,
            enc_id=vocab_size - 1,
        )
        unknown = sorted(set(special_ids) - set(known))
        if unknown:
            raise ValueError(
                f'StandInTokenizer has no {", ".join(unknown)}; special ids '
                f'are {", ".join(known)}.'
            )
        self.vocab_size = vocab_size
        self.context_length = check_context_length(name, context_length, 2)
        vars(self).update(
            known,
            **{
                role: check_whole(f'{name}: {role}', number, high=2**31)
                for role, number in special_ids.items()
            },
        )

    def __call__(self, texts: Sequence[str]) -> Tensor:
        """Draw token ids.

        Args:
            texts (Sequence[str]): Texts; only their number counts.

        Returns:
            Tensor: Ids, int64, shape ``(B, context_length)``, without
            padding.
        """
        texts = check_texts(type(self).__name__, texts)
        if self.vocab_size < _FIRST_WORD + 3:
            raise ValueError(
                'StandInTokenizer draws words from a vocabulary of at least '
                f'{_FIRST_WORD + 3} tokens, but got vocab_size='
                f'{self.vocab_size}.'
            )
        ids = torch.randint(
            _FIRST_WORD,
            self.vocab_size - 2,
            (len(texts), self.context_length),
        )
        ids[:, 0] = self.cls_id
        ids[:, -1] = self.vocab_size - 1  # where CLIP finds the end
        return ids
