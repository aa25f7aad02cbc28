# Copyright (c) elip_mm contributors. All rights reserved.
import os
from pathlib import Path
from typing import Optional

from tokenizers import Tokenizer, decoders
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer

from .checks import read_name
from .scene import SCENE_TOKENIZER_FILE

SPECIAL = ('[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]')


def load_word_pieces(name_or_path: Optional[str], owner: str) -> Tokenizer:
    """Load a lower-casing vocabulary of word pieces.

    Nothing but vocabulary files is read: code that may lie beside them is
    never run.

    Args:
        name_or_path (str, optional): A folder, a name on the hub, or None
            for the vocabulary that comes with the package.
        owner (str): Who asks, for error messages.

    Returns:
        tokenizers.Tokenizer: The tokenizer proper.
    """
    if name_or_path is None:
        return Tokenizer.from_file(str(SCENE_TOKENIZER_FILE))
    name_or_path, path = read_name(owner, name_or_path)
    if path.is_dir():
        return _load_folder(path, owner)
    if path.exists() or name_or_path.startswith(('.', '~', os.sep)):
        raise FileNotFoundError(
            f'{owner}: {name_or_path!r} is not a folder; name_or_path must '
            'be a folder with vocab.txt or tokenizer.json, or a name on the '
            'hub.'
        )
    # transformers takes a second to import: only those who need it wait.
    from transformers import BertTokenizerFast

    try:
        loaded = BertTokenizerFast.from_pretrained(
            name_or_path, trust_remote_code=False
        )
    except Exception as error:
        raise ValueError(
            f'{owner}: no tokenizer could be read from {name_or_path!r} '
            f'({type(error).__name__}: {error}). Offline, give a local '
            'folder with the vocab.txt of bert-base-uncased.'
        ) from error
    return _plain(loaded.backend_tokenizer)


def _load_folder(path: Path, owner: str) -> Tokenizer:
    if (path / 'tokenizer.json').is_file():
        return _plain(Tokenizer.from_file(str(path / 'tokenizer.json')))
    if not (path / 'vocab.txt').is_file():
        raise FileNotFoundError(
            f'{owner}: neither vocab.txt nor tokenizer.json in folder '
            f'{str(path)!r}; copy that of bert-base-uncased there.'
        )
    words = WordPiece.from_file(str(path / 'vocab.txt'), unk_token='[UNK]')
    tokenizer = Tokenizer(words)
    tokenizer.normalizer = BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    known = [t for t in SPECIAL if tokenizer.token_to_id(t) is not None]
    tokenizer.add_special_tokens(known)
    return tokenizer


def _plain(tokenizer: Tokenizer) -> Tokenizer:
    """Files may say how to cut and pad; here the caller does both."""
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer
