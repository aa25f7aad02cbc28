# Copyright (c) elip_mm contributors. All rights reserved.
from typing import Sequence

import torch
from torch import Tensor

from elip_mm.registry import TOKENIZER
from elip_mm.utils.resources import local_path
from elip_mm.utils.texts import check_texts

from .checks import check_context_length, read_name


@TOKENIZER.register_module()
class HFTokenizer:
    """The tokenizer of an encoder of Hugging Face's transformers.

    Rows have one fixed length and read start, tokens, end, padding, in the
    special tokens of the vocabulary at hand (BERT's or RoBERTa's). Code that
    may lie beside the vocabulary files is never run.

    Args:
        name_or_path (str): A local folder, one in an installed package as
            ``pkg://package/folder``, or a name on the hub.
        context_length (int): Length of every row. Defaults to 50, METER's.
    """

    def __init__(self, name_or_path: str, context_length: int = 50) -> None:
        context_length = check_context_length('HFTokenizer', context_length, 3)
        words = _load(name_or_path)
        for role in ('pad', 'cls', 'sep', 'mask'):
            if getattr(words, f'{role}_token_id') is None:
                raise ValueError(
                    f'HFTokenizer: the vocabulary {name_or_path!r} has no '
                    f'{role} token; take one of BERT or RoBERTa.'
                )
        self.name_or_path = name_or_path
        self.context_length = context_length
        self.words = words
        self.tokenizer = words.backend_tokenizer
        self.vocab_size = len(words)
        self.pad_id = words.pad_token_id
        self.cls_id = words.cls_token_id
        self.sep_id = words.sep_token_id
        self.mask_id = words.mask_token_id

    def __call__(self, texts: Sequence[str]) -> Tensor:
        """Encode a batch.

        Args:
            texts (Sequence[str]): Texts.

        Returns:
            Tensor: Token ids, int64, shape ``(B, context_length)``.
        """
        texts = check_texts('HFTokenizer', texts)
        if not texts:
            # transformers would fail at padding nothing.
            return torch.empty(0, self.context_length, dtype=torch.long)
        return self.words(
            texts,
            padding='max_length',
            truncation=True,
            max_length=self.context_length,
            return_tensors='pt',
        ).input_ids

    def __len__(self) -> int:
        """int: Size of the vocabulary."""
        return self.vocab_size

    def __repr__(self) -> str:
        return (
            f'HFTokenizer({self.name_or_path!r}, '
            f'context_length={self.context_length})'
        )


def _load(name_or_path: str):
    name_or_path = str(read_name('HFTokenizer', name_or_path)[0])
    from transformers import AutoTokenizer

    try:
        return AutoTokenizer.from_pretrained(
            local_path(name_or_path), use_fast=True, trust_remote_code=False
        )
    except Exception as error:
        raise ValueError(
            f'HFTokenizer: no tokenizer could be read from {name_or_path!r} '
            f'({type(error).__name__}: {error}). Offline, give a local '
            'folder with the vocabulary files and a config.json that names '
            'the model_type.'
        ) from error
