# Copyright (c) elip_mm contributors. All rights reserved.
from dataclasses import replace
from typing import Iterator, Tuple

from torch import Tensor

from elip_mm.models.tokenizers import continuing_tokens, special_ids
from elip_mm.ops import (
    IGNORE_INDEX,
    choose_tokens,
    choose_words,
    draw_mismatches,
    hide_tokens,
    maskable,
)
from elip_mm.registry import MODELS
from elip_mm.structures import LanguageTargets, PairFeatures

from .base import LanguageImagePretrainer, Pass


@MODELS.register_module()
class METERPretrainer(LanguageImagePretrainer):
    """Pre-training by hidden words and replaced images, with co-attention.

    Each head has a pass of its own. Hidden words are guessed with the image
    reduced under the *masked* caption; pairs are judged with the image
    reduced under the caption it is judged against, a wrong one where the
    image was replaced.

    Args:
        mask_ratio (float): Ratio of the words to hide. Defaults to 0.15.
        whole_words (bool): Whether all pieces of a word are hidden together.
            Defaults to False.
        **kwargs: Those of :class:`LanguageImageModel`, with a ``fusion``.
            ``heads`` may have ``mlm`` and ``itm``; a pass without its head is
            left out. ``reduce_at_test=True`` judges pairs with reduced
            images, as the released code does.

    Source: METER, https://arxiv.org/abs/2111.02387; ELIP,
    https://arxiv.org/abs/2309.16738.
    """

    default_task = dict(type='elip_mm.PairMatching')

    def __init__(
        self, mask_ratio: float = 0.15, whole_words: bool = False, **kwargs
    ) -> None:
        super().__init__(**kwargs)
        self.mask_ratio = mask_ratio
        self.whole_words = whole_words
        vocabulary = getattr(self.tokenizer, 'tokenizer', None)
        if whole_words:
            if vocabulary is None:
                raise ValueError(
                    'METERPretrainer: whole_words=True needs a tokenizer that '
                    'knows which pieces go on with a word, such as '
                    "tokenizer=dict(type='elip_mm.HFTokenizer', ...), but "
                    f'{type(self.tokenizer).__name__} has no vocabulary; '
                    'set whole_words=False.'
                )
            # Follows the model to its device, but is no part of checkpoints.
            self.register_buffer(
                'continuing', continuing_tokens(vocabulary), persistent=False
            )

    def passes(self, images: Tensor, ids: Tensor) -> Iterator[Pass]:
        """One pass with hidden words, one with replaced images."""
        if 'mlm' in self.heads:
            pairs = self.masked_pairs(images, *self.mask_text(ids))
            yield pairs, [self.heads['mlm']]
        if 'itm' in self.heads:
            rows, matched = draw_mismatches(len(images), images.device)
            pairs = self.encode_pairs(images[rows], ids)
            yield replace(pairs, matched=matched), [self.heads['itm']]

    def masked_pairs(
        self, images: Tensor, ids: Tensor, labels: Tensor
    ) -> PairFeatures:
        """Encode pairs with hidden words.

        Args:
            images (Tensor): Shape ``(B, 3, H, W)``.
            ids (Tensor): Token ids, some hidden, shape ``(B, L)``.
            labels (Tensor): The hidden ones, ``IGNORE_INDEX`` elsewhere,
                shape ``(B, L)``.

        Returns:
            PairFeatures: With the hidden words in ``language``.
        """
        pairs = self.encode_pairs(images, ids)
        # The vocabulary is wide, and six words of seven are not asked for.
        asked = labels != IGNORE_INDEX
        targets = LanguageTargets(
            pairs.need('fused').text[asked], labels[asked]
        )
        return replace(pairs, language=targets)

    def mask_text(self, ids: Tensor) -> Tuple[Tensor, Tensor]:
        """Hide words; special tokens are never hidden.

        Args:
            ids (Tensor): Token ids, int64, shape ``(B, L)``.

        Returns:
            tuple[Tensor, Tensor]: Ids and labels, both ``(B, L)``.
        """
        words = self.tokenizer
        allowed = maskable(ids, special_ids(words))
        if self.whole_words:
            continues = self.continuing[ids]
            chosen = choose_words(allowed, continues, self.mask_ratio)
        else:
            chosen = choose_tokens(allowed, self.mask_ratio)
        return hide_tokens(ids, chosen, words.mask_id, words.vocab_size)

    def check_parts(self) -> None:
        """Raise a ValueError if heads or widths do not fit together."""
        super().check_parts()
        known = {'mlm', 'itm'}
        if not self.heads or not set(self.heads) <= known:
            raise ValueError(
                'METERPretrainer: heads must be some of '
                f'{sorted(known)}, but got {sorted(self.heads)}.'
            )
        if self.fusion is None:
            raise ValueError(
                'METERPretrainer needs a fusion, such as '
                "fusion=dict(type='elip_mm.CoAttentionFusion')."
            )
        mlm = self.heads['mlm'] if 'mlm' in self.heads else None
        if mlm is not None and mlm.vocab_size != self.text_encoder.vocab_size:
            raise ValueError(
                f'METERPretrainer: the text encoder knows '
                f'{self.text_encoder.vocab_size} tokens, but the head guesses '
                f'among {mlm.vocab_size}; set '
                f'heads.mlm.vocab_size={self.text_encoder.vocab_size}.'
            )
