# Copyright (c) elip_mm contributors. All rights reserved.
import html
import os
from pathlib import Path

from tokenizers import Tokenizer

from elip_mm.registry import TOKENIZER

from .base import PaddedTokenizer
from .checks import read_name


@TOKENIZER.register_module()
class CLIPBPETokenizer(PaddedTokenizer):
    """CLIP's byte-pair tokenizer, 49408 entries with the original files.

    Texts are lower-cased, white space is collapsed and HTML entities are
    resolved, as CLIP does. Rows are padded with 0, as in CLIP and open_clip;
    transformers pads with the end token instead. Nothing but vocabulary
    files is read: code that may lie beside them is never run.

    Args:
        name_or_path (str): A folder with ``vocab.json`` and ``merges.txt``,
            or with ``tokenizer.json``; or a name on the hub of transformers,
            for instance ``'openai/clip-vit-base-patch16'``.
        context_length (int): Length of every row, in tokens.
            Defaults to 77.

    Source: CLIP, https://arxiv.org/abs/2103.00020.
    """

    def __init__(self, name_or_path: str, context_length: int = 77) -> None:
        super().__init__(
            _load(name_or_path),
            start='<|startoftext|>',
            end='<|endoftext|>',
            context_length=context_length,
        )
        self.name_or_path = name_or_path

    def clean(self, text: str) -> str:
        """Resolve HTML entities, twice, since crawled texts nest them."""
        return html.unescape(html.unescape(text)) if '&' in text else text


def _load(name_or_path: str) -> Tokenizer:
    # transformers takes a second to import: only those who need it wait.
    from transformers import CLIPTokenizerFast

    name_or_path, path = read_name('CLIPBPETokenizer', name_or_path)
    source = name_or_path
    if path.is_dir():
        _check_folder(path)
        source = str(path)
    elif path.exists() or _looks_like_path(name_or_path):
        raise FileNotFoundError(
            f'CLIPBPETokenizer: {name_or_path!r} is not a folder; '
            '`name_or_path` must be a folder with vocab.json and merges.txt '
            'or tokenizer.json, or a name on the hub.'
        )
    try:
        loaded = CLIPTokenizerFast.from_pretrained(
            source, trust_remote_code=False
        )
    except Exception as error:
        raise ValueError(
            f'CLIPBPETokenizer: no tokenizer could be read from '
            f'{name_or_path!r} ({type(error).__name__}: {error}). Offline, '
            'give a local folder with vocab.json and merges.txt.'
        ) from error
    return loaded.backend_tokenizer


def _check_folder(path: Path) -> None:
    if (path / 'tokenizer.json').is_file():
        return
    missing = [
        name
        for name in ('vocab.json', 'merges.txt')
        if not (path / name).is_file()
    ]
    if missing:
        raise FileNotFoundError(
            f'CLIPBPETokenizer: {" and ".join(missing)} missing in folder '
            f'{str(path)!r}; copy both files of a CLIP model there, or its '
            'tokenizer.json.'
        )


def _looks_like_path(name: str) -> bool:
    return (
        name.startswith(('.', '~', os.sep))
        or os.path.isabs(name)
        or name.count('/') > 1
    )
