# Copyright (c) elip_mm contributors. All rights reserved.
from typing import Dict, List, Sequence, Tuple, Union

import torch
from tokenizers import Tokenizer
from torch import Tensor

from elip_mm.utils.texts import check_ids, check_text, check_texts

from .checks import check_context_length, find_token


class PaddedTokenizer:
    """Texts to token numbers of one fixed length.

    A row reads start, tokens, end, padding. A text that is too long is cut,
    and its last place still holds the end.

    Text towers of CLIP find the end as the largest number of a row, so the
    end must be the last entry of the vocabulary; this is checked.

    Args:
        tokenizer (tokenizers.Tokenizer): The tokenizer proper.
        start (str): Token that opens a text.
        end (str): Token that closes it.
        context_length (int): Length of every row, in tokens.
        pad_id (int): Number that fills up a row. Defaults to 0.
    """

    # Words remembered; a memo that outgrows this is emptied.
    MEMO_SIZE = 100_000

    def __init__(
        self,
        tokenizer: Tokenizer,
        start: str,
        end: str,
        context_length: int,
        pad_id: int = 0,
    ) -> None:
        name = type(self).__name__
        self.tokenizer = tokenizer
        # There must be room for start and end.
        self.context_length = check_context_length(name, context_length, 2)
        self.vocab_size = tokenizer.get_vocab_size(with_added_tokens=True)
        self.pad_id = pad_id
        self.sot_id = self.token_id(start)
        self.eot_id = self.token_id(end)
        if self.eot_id != self.vocab_size - 1:
            raise ValueError(
                f'{name}: {end!r} must be the last entry of the vocabulary, '
                f'{self.vocab_size - 1}, but is {self.eot_id}; text towers '
                'find the end of a text as its largest number. Remove tokens '
                'that were added after it.'
            )
        self._memo: Dict[str, Tuple[int, ...]] = {}

    def token_id(self, token: str) -> int:
        """Look up the number of a token.

        Args:
            token (str): A token of the vocabulary.

        Returns:
            int: Its number.
        """
        number = find_token(type(self).__name__, self.tokenizer, token)
        if number is None:
            raise ValueError(
                f'{type(self).__name__}: there is no {token!r} '
                'in the vocabulary; is it that of another model?'
            )
        return number

    def clean(self, text: str) -> str:
        """Prepare a text; white space and case are dealt with elsewhere."""
        return text

    def encode(self, text: str) -> List[int]:
        """Encode a text without start, end, cutting or padding.

        Args:
            text (str): Any text.

        Returns:
            List[int]: Its token numbers.
        """
        # Tokens never reach across white space, so each word is encoded once
        # and looked up from then on.
        numbers: List[int] = []
        text = check_text(type(self).__name__, text)
        for word in self.clean(text).split():
            known = self._memo.get(word)
            if known is None:
                if len(self._memo) >= self.MEMO_SIZE:
                    self._memo.clear()
                known = self._memo[word] = tuple(
                    self.tokenizer.encode(word, add_special_tokens=False).ids
                )
            numbers.extend(known)
        return numbers

    def decode(self, ids: Union[Tensor, Sequence[int]]) -> str:
        """Turn a row back into text, special tokens left out.

        Args:
            ids (Tensor or Sequence[int]): One row, shape ``(L, )``.

        Returns:
            str: The text.
        """
        ids = check_ids(type(self).__name__, ids)
        # With CLIP's vocabulary the padding is also a token of its own.
        if self.eot_id in ids:
            ids = ids[: ids.index(self.eot_id)]
        return self.tokenizer.decode(ids, skip_special_tokens=True)

    def __call__(self, texts: Sequence[str]) -> Tensor:
        """Encode a batch.

        Args:
            texts (Sequence[str]): Texts.

        Returns:
            Tensor: Token numbers, int64, shape ``(B, context_length)``.
        """
        room = self.context_length - 2
        rows = []
        for text in check_texts(type(self).__name__, texts):
            row = [self.sot_id, *self.encode(text)[:room], self.eot_id]
            row.extend([self.pad_id] * (self.context_length - len(row)))
            rows.append(row)
        return torch.tensor(rows, dtype=torch.long).reshape(
            -1, self.context_length
        )

    def __len__(self) -> int:
        """int: Size of the vocabulary."""
        return self.vocab_size

    def __repr__(self) -> str:
        return (
            f'{type(self).__name__}(vocab_size={self.vocab_size}, '
            f'context_length={self.context_length})'
        )
