# Copyright (c) elip_mm contributors. All rights reserved.
from pathlib import Path

from tokenizers import Tokenizer

from elip_mm.registry import TOKENIZER

from .base import PaddedTokenizer

SCENE_TOKENIZER_FILE = Path(__file__).with_name('tokenizer.json')


@TOKENIZER.register_module()
class SceneTokenizer(PaddedTokenizer):
    """The small tokenizer that comes with the package.

    Its vocabulary has every word of the scene language of all levels, and
    single characters as a fall-back, so that any ASCII text can be encoded;
    other characters become ``[UNK]``. Case and accents are dropped. It is
    built by ``tools/dataset_converters/build_scene_tokenizer.py``.

    Beside start and end it has ``[MASK]``, ``[CLS]``, ``[SEP]``, ``[DEC]``
    and ``[ENC]`` for models in the manner of BERT: ``mask_id``, ``cls_id``
    and so on.

    Args:
        context_length (int): Length of every row, in tokens, start and end
            included. The longest captions take 24 tokens on level 'easy', 32
            on 'medium' and 40 on 'hard'. Defaults to 32.

    Examples:
        >>> tokenizer = SceneTokenizer()
        >>> tokenizer(['a red circle left of a blue star']).shape
        torch.Size([1, 32])
    """

    def __init__(self, context_length: int = 32) -> None:
        super().__init__(
            Tokenizer.from_file(str(SCENE_TOKENIZER_FILE)),
            start='[SOT]',
            end='[EOT]',
            context_length=context_length,
        )
        self.unk_id = self.token_id('[UNK]')
        self.mask_id = self.token_id('[MASK]')
        self.cls_id = self.token_id('[CLS]')
        self.sep_id = self.token_id('[SEP]')
        self.dec_id = self.token_id('[DEC]')
        self.enc_id = self.token_id('[ENC]')
