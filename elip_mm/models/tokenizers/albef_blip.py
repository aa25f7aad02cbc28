# Copyright (c) elip_mm contributors. All rights reserved.
from typing import List, Optional, Sequence

import torch
from torch import Tensor

from elip_mm.registry import TOKENIZER
from elip_mm.utils.checks import check_flag
from elip_mm.utils.texts import check_ids, check_texts

from .albef_blip_vocabulary import load_word_pieces
from .checks import check_context_length, find_token


class CaptionTokenizer:
    """Texts to token numbers in the manner of BERT: [CLS], pieces, padding.

    Subclasses say in ``ENDING`` which special tokens close a text, and in
    ``EXTRA`` which ones stand beside those of BERT. What is missing in the
    vocabulary is added behind it.

    Args:
        name_or_path (str, optional): A folder with ``vocab.txt`` or
            ``tokenizer.json``, or a name on the hub of transformers such as
            ``'bert-base-uncased'``. Defaults to None, the small vocabulary
            that comes with the package.
        context_length (int): Most tokens of a row, special ones included.
        pad_to_longest (bool): Whether rows are as long as the longest text
            of the batch, instead of ``context_length``.
    """

    ENDING: Sequence[str] = ()
    EXTRA: Sequence[str] = ()

    def __init__(
        self,
        name_or_path: Optional[str],
        context_length: int,
        pad_to_longest: bool,
    ) -> None:
        name = type(self).__name__
        # There must be room for the special tokens and a word.
        context_length = check_context_length(
            name, context_length, 2 + len(self.ENDING)
        )
        self.tokenizer = load_word_pieces(name_or_path, name)
        added = [t for t in self.EXTRA if self._number(t) is None]
        self.tokenizer.add_special_tokens(added)
        self.name_or_path = name_or_path
        self.context_length = context_length
        self.pad_to_longest = check_flag(
            f'{name}: pad_to_longest', pad_to_longest
        )
        self.vocab_size = self.tokenizer.get_vocab_size(with_added_tokens=True)
        self.pad_id = self.token_id('[PAD]')
        self.cls_id = self.token_id('[CLS]')
        self.sep_id = self.token_id('[SEP]')
        self.mask_id = self.token_id('[MASK]')
        self._ending = [self.token_id(token) for token in self.ENDING]

    def token_id(self, token: str) -> int:
        """Look up the number of a token.

        Args:
            token (str): A token of the vocabulary.

        Returns:
            int: Its number.
        """
        number = self._number(token)
        if number is None:
            raise ValueError(
                f'{type(self).__name__}: there is no {token!r} in the '
                'vocabulary; is it that of a BERT model?'
            )
        return number

    def encode(self, texts: Sequence[str]) -> List[List[int]]:
        """Encode texts without special tokens, cutting or padding.

        Args:
            texts (Sequence[str]): Any texts.

        Returns:
            List[List[int]]: Numbers of their pieces.
        """
        encode = self.tokenizer.encode
        return [
            encode(text, add_special_tokens=False).ids
            for text in check_texts(type(self).__name__, texts)
        ]

    def decode(self, ids: Sequence[int]) -> str:
        """Turn a row back into text, special tokens left out.

        Args:
            ids (Tensor or Sequence[int]): One row, shape ``(L, )``.

        Returns:
            str: The text.
        """
        return self.tokenizer.decode(
            check_ids(type(self).__name__, ids), skip_special_tokens=True
        )

    def __call__(self, texts: Sequence[str]) -> Tensor:
        """Encode a batch.

        Args:
            texts (Sequence[str]): Texts.

        Returns:
            Tensor: Token numbers, int64, shape ``(B, L)`` with ``L`` at most
            ``context_length``.
        """
        room = self.context_length - 1 - len(self._ending)
        rows = [
            [self.cls_id, *pieces[:room], *self._ending]
            for pieces in self.encode(texts)
        ]
        length = self.context_length
        if self.pad_to_longest and rows:
            length = max(map(len, rows))
        ids = torch.full((len(rows), length), self.pad_id, dtype=torch.long)
        for row, numbers in zip(ids, rows):
            row[: len(numbers)] = torch.tensor(numbers)
        return ids

    def __len__(self) -> int:
        """int: Size of the vocabulary."""
        return self.vocab_size

    def __repr__(self) -> str:
        return (
            f'{type(self).__name__}(vocab_size={self.vocab_size}, '
            f'context_length={self.context_length})'
        )

    def _number(self, token: str) -> Optional[int]:
        return find_token(type(self).__name__, self.tokenizer, token)


@TOKENIZER.register_module()
class ALBEFTokenizer(CaptionTokenizer):
    """Tokenizer of ALBEF: [CLS] and the pieces, **without** [SEP].

    Args:
        name_or_path (str, optional): As in :class:`CaptionTokenizer`.
            Defaults to None.
        context_length (int): Defaults to 25, [CLS] and 24 pieces.
        pad_to_longest (bool): Defaults to True.

    Source: ALBEF, https://arxiv.org/abs/2107.07651.
    """

    def __init__(
        self,
        name_or_path: Optional[str] = None,
        context_length: int = 25,
        pad_to_longest: bool = True,
    ) -> None:
        super().__init__(name_or_path, context_length, pad_to_longest)


@TOKENIZER.register_module()
class BLIPTokenizer(CaptionTokenizer):
    """Tokenizer of BLIP: [CLS], the pieces and [SEP].

    Its vocabulary has two tokens more than BERT's, which a model puts in
    place of [CLS]: ``dec_id`` starts a text that is to be generated,
    ``enc_id`` one that looks at an image.

    Args:
        name_or_path (str, optional): As in :class:`CaptionTokenizer`.
            Defaults to None.
        context_length (int): Defaults to 30.
        pad_to_longest (bool): Defaults to False.

    Source: BLIP, https://arxiv.org/abs/2201.12086.
    """

    ENDING = ('[SEP]',)
    EXTRA = ('[DEC]', '[ENC]')

    def __init__(
        self,
        name_or_path: Optional[str] = None,
        context_length: int = 30,
        pad_to_longest: bool = False,
    ) -> None:
        super().__init__(name_or_path, context_length, pad_to_longest)
        self.dec_id = self.token_id('[DEC]')
        self.enc_id = self.token_id('[ENC]')
