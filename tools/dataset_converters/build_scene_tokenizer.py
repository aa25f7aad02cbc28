# Copyright (c) elip_mm contributors. All rights reserved.
"""Build the tokenizer of the embedded scenes from their grammar.

python tools/dataset_converters/build_scene_tokenizer.py

Run it after words were added to the grammar. Existing checkpoints expect the
numbers of the old words, so this belongs to a new version of the package.
"""

import argparse
import json
import re
import string
from pathlib import Path

from tokenizers import Tokenizer, decoders, normalizers, pre_tokenizers
from tokenizers.models import WordPiece
from tokenizers.processors import TemplateProcessing

from elip_mm.datasets.synthetic_scenes.grammar import phrases
from elip_mm.models.tokenizers.scene import SCENE_TOKENIZER_FILE

LEADING = (
    '[PAD]',
    '[UNK]',
    '[CLS]',
    '[SEP]',
    '[MASK]',
    '[DEC]',
    '[ENC]',
    '[SOT]',
)
# Last: text towers find the end of a text as its largest number.
CLOSING = '[EOT]'


def build_vocabulary() -> dict:
    """Number special tokens, words, characters and inner characters."""
    words = set(re.findall(r'[a-z]+', ' '.join(phrases())))
    marks = string.ascii_lowercase + string.digits + string.punctuation
    pieces = [*LEADING, *sorted(w for w in words if len(w) > 1), *marks]
    pieces += [f'##{c}' for c in string.ascii_lowercase + string.digits]
    return {piece: i for i, piece in enumerate([*pieces, CLOSING])}


def build_tokenizer() -> Tokenizer:
    """Put vocabulary, cleaning and special tokens together."""
    vocabulary = build_vocabulary()
    tokenizer = Tokenizer(
        WordPiece(vocabulary, unk_token='[UNK]', max_input_chars_per_word=100)
    )
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.NFKD(),
            normalizers.StripAccents(),
            normalizers.Lowercase(),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece(prefix='##')
    tokenizer.post_processor = TemplateProcessing(
        single='[SOT] $A [EOT]',
        special_tokens=[(t, vocabulary[t]) for t in ('[SOT]', CLOSING)],
    )
    tokenizer.add_special_tokens([*LEADING, CLOSING])
    return tokenizer


def main() -> None:
    """Write the file."""
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--out', type=Path, default=SCENE_TOKENIZER_FILE)
    args = parser.parse_args()
    # Through json, so that the layout does not depend on the version of the
    # library that writes it.
    content = json.loads(build_tokenizer().to_str())
    args.out.write_text(
        json.dumps(content, indent=1, ensure_ascii=True) + '\n'
    )


if __name__ == '__main__':
    main()
