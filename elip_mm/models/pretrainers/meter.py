# Copyright (c) elip_mm contributors. All rights reserved.
from typing import Dict, List, Optional, Tuple

import torch
from mmpretrain.structures import DataSample
from torch import Tensor

from elip_mm.models.multimodal.language_image_model import (
    LanguageImagePretrainer,
)
from elip_mm.models.tokenizers import continuing_tokens
from elip_mm.ops import (
    choose_tokens,
    choose_words,
    draw_mismatches,
    hide_tokens,
    maskable,
)
from elip_mm.registry import MODELS
from elip_mm.structures import FusedFeatures, TextFeatures, TokenState

# Tokens that are never hidden, by the names that tokenizers have for them.
SPARED = ('pad_id', 'sot_id', 'eot_id', 'cls_id', 'sep_id')


@MODELS.register_module()
class METERPretrainer(LanguageImagePretrainer):
    """Pre-training by hidden words and replaced images, with co-attention.

    Each head is a complete pass of its own. Hidden words are guessed with
    the image reduced under the *masked* caption; pairs are judged with the
    image reduced under the caption it is judged against, a wrong one where
    the image was replaced.

    Args:
        fusion (dict): Config of the fusion, see :class:`CoAttentionFusion`.
        mask_ratio (float): Share of the words to hide. Defaults to 0.15.
        whole_words (bool): Whether all pieces of a word are hidden together.
            Defaults to False.
        **kwargs: Those of :class:`LanguageImagePretrainer`. ``heads`` may
            have ``mlm`` and ``itm``; a pass without its head is left out.
            ``reduce_at_test=True`` judges pairs with reduced images, as the
            released code does.

    Source: METER, https://arxiv.org/abs/2111.02387; ELIP,
    https://arxiv.org/abs/2309.16738.
    """

    def __init__(
        self,
        fusion: dict,
        mask_ratio: float = 0.15,
        whole_words: bool = False,
        **kwargs,
    ) -> None:
        super().__init__(**kwargs)
        self.fusion = MODELS.build(fusion)
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
        self._check_fusion()

    def compute_losses(self, images: Tensor, ids: Tensor) -> Dict[str, Tensor]:
        """Losses of a batch, arguments as in the parent.

        Returns:
            dict[str, Tensor]: Losses and logged values of both passes.
        """
        losses = {}
        if 'mlm' in self.heads:
            losses.update(self.masked_losses(images, *self.mask(ids)))
        if 'itm' in self.heads:
            rows, matched = draw_mismatches(len(images), images.device)
            losses.update(self.matching_losses(images[rows], ids, matched))
        return losses

    def masked_losses(
        self, images: Tensor, ids: Tensor, labels: Tensor
    ) -> Dict[str, Tensor]:
        """The pass with hidden words.

        Args:
            images (Tensor): Shape ``(B, 3, H, W)``.
            ids (Tensor): Token ids, some hidden, shape ``(B, L)``.
            labels (Tensor): The hidden ones, -100 elsewhere, ``(B, L)``.

        Returns:
            dict[str, Tensor]: What the head ``mlm`` returns.
        """
        return self.heads['mlm'].loss(self.fuse_pairs(images, ids), labels)

    def matching_losses(
        self, images: Tensor, ids: Tensor, matched: Tensor
    ) -> Dict[str, Tensor]:
        """The pass with replaced images.

        Args:
            images (Tensor): Shape ``(B, 3, H, W)``.
            ids (Tensor): Token ids, shape ``(B, L)``.
            matched (Tensor): 1 where an image is its text's own, else 0,
                shape ``(B,)``.

        Returns:
            dict[str, Tensor]: What the head ``itm`` returns.
        """
        return self.heads['itm'].loss(self.fuse_pairs(images, ids), matched)

    def mask(self, ids: Tensor) -> Tuple[Tensor, Tensor]:
        """Hide words; special tokens are never hidden.

        Args:
            ids (Tensor): Token ids, int64, shape ``(B, L)``.

        Returns:
            tuple[Tensor, Tensor]: Ids and labels, both ``(B, L)``.
        """
        words = self.tokenizer
        spared = [getattr(words, name, -1) for name in SPARED]
        allowed = maskable(ids, spared)
        if self.whole_words:
            continues = self.continuing[ids]
            chosen = choose_words(allowed, continues, self.mask_ratio)
        else:
            chosen = choose_tokens(allowed, self.mask_ratio)
        return hide_tokens(ids, chosen, words.mask_id, words.vocab_size)

    def fuse_pairs(
        self, images: Tensor, ids: Tensor, reduce: bool = True
    ) -> FusedFeatures:
        """Encode both sides and fuse them.

        Args:
            images (Tensor): Shape ``(B, 3, H, W)``.
            ids (Tensor): Token ids, shape ``(B, L)``.
            reduce (bool): Whether the images are reduced under their texts.
                Defaults to True.

        Returns:
            FusedFeatures: Row i of the images with row i of the texts.
        """
        text = self.encode_text(ids)
        return self.fuse(
            text, self.encode_image(images, self.guide(text), reduce)
        )

    def fuse(self, text: TextFeatures, vision: TokenState) -> FusedFeatures:
        """Let text and image read each other."""
        return self.fusion(text, vision)

    def extract(
        self, images: Tensor, data_samples: Optional[List[DataSample]] = None
    ) -> Dict[str, Tensor]:
        """Features of pairs, reduced only with ``reduce_at_test``.

        Args:
            images (Tensor): Shape ``(B, 3, H, W)``.
            data_samples (list[DataSample]): One caption each in ``text``.

        Returns:
            dict[str, Tensor]: ``joint_feat (B, 2 * C)`` and, with a head
            ``itm``, ``match_logits (B, 2)``.
        """
        ids = self.tokenize(data_samples or [])
        if len(ids) != len(images):
            raise ValueError(
                f'METERPretrainer judges pairs, but got {len(ids)} captions '
                f'for {len(images)} images; give every image one caption, '
                'in test sets by wrapping them in elip_mm.MatchingPairs.'
            )
        fused = self.fuse_pairs(images, ids, self.reduce_at_test)
        features = dict(joint_feat=fused.joint)
        if 'itm' in self.heads:
            features['match_logits'] = self.heads['itm'](fused)
        return features

    @torch.no_grad()
    def predict(
        self, images: Tensor, data_samples: Optional[List[DataSample]]
    ) -> List[DataSample]:
        """Judge whether each image and its caption belong together.

        Args:
            images (Tensor): Shape ``(B, 3, H, W)``.
            data_samples (list[DataSample]): One caption each in ``text``.

        Returns:
            list[DataSample]: The same with ``pred_score (2,)``,
            probabilities of "no match" and "match", and ``pred_label``.
        """
        logits = self.extract(images, data_samples)['match_logits']
        for sample, score in zip(data_samples, logits.softmax(dim=-1)):
            sample.set_pred_score(score).set_pred_label(score.argmax())
        return data_samples

    def _check_fusion(self) -> None:
        """Raise a ValueError if heads or widths do not fit together."""
        known = {'mlm', 'itm'}
        if not self.heads or not set(self.heads) <= known:
            raise ValueError(
                'METERPretrainer: heads must be some of '
                f'{sorted(known)}, but got {sorted(self.heads)}.'
            )
        for part, name in (
            (self.text_encoder, 'text'),
            (self.vision_backbone, 'image'),
        ):
            wanted = getattr(self.fusion, f'{name}_dims')
            if part.embed_dims != wanted:
                raise ValueError(
                    f'METERPretrainer: the {name} encoder is '
                    f'{part.embed_dims} wide, but the fusion expects '
                    f'{wanted}; set fusion.{name}_dims={part.embed_dims}.'
                )
        # Texts would be read with their padding and parts of them not at all.
        padding = getattr(self.tokenizer, 'pad_id', None)
        if padding not in (None, self.text_encoder.pad_id):
            raise ValueError(
                f'METERPretrainer: the tokenizer pads with {padding}, but the '
                f'text encoder takes {self.text_encoder.pad_id} for padding; '
                f'set text_encoder.config.pad_token_id={padding}.'
            )
        mlm = self.heads['mlm'] if 'mlm' in self.heads else None
        if mlm is not None and mlm.vocab_size != self.text_encoder.vocab_size:
            raise ValueError(
                f'METERPretrainer: the text encoder knows '
                f'{self.text_encoder.vocab_size} tokens, but the head guesses '
                f'among {mlm.vocab_size}; set '
                f'heads.mlm.vocab_size={self.text_encoder.vocab_size}.'
            )
