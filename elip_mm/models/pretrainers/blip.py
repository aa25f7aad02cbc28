# Copyright (c) elip_mm contributors. All rights reserved.
from typing import Optional

from torch import Tensor

from elip_mm.checkpoint import has_pretrained
from elip_mm.models.fusion import BLIPTextDecoder
from elip_mm.registry import MODELS
from elip_mm.structures import LanguageTargets, PairFeatures

from .momentum import MomentumPretrainer


@MODELS.register_module()
class BLIPPretrainer(MomentumPretrainer):
    """Bootstrapping language-image pre-training, with ELIP.

    Contrastive learning, matching and causal language modelling. One set of
    weights serves as text encoder, as image-grounded encoder (its first token
    is then [ENC]) and, with another self-attention, as decoder ([DEC]).

    Args:
        **kwargs: Those of :class:`MomentumPretrainer`. The text encoder is a
            :class:`BLIPTextEncoder`, and a head for language modelling a
            :class:`LanguageHead`.

    Source: BLIP, https://arxiv.org/abs/2201.12086; ELIP,
    https://arxiv.org/abs/2309.16738.
    """

    default_task = dict(type='elip_mm.RerankedRetrieval', add_similarity=True)

    def build_parts(self) -> None:
        """Add the decoder, which takes its sizes from the encoder."""
        self.text_decoder = BLIPTextDecoder(self.text_encoder)

    def init_weights(self) -> None:
        """Initialise; the decoder starts from BERT if the encoder does."""
        super().init_weights()
        if has_pretrained(self.text_encoder.init_cfg):
            self.text_decoder.copy_from(self.text_encoder)

    def cross_encode(
        self, ids: Tensor, states: Optional[Tensor], memory: Tensor
    ) -> Tensor:
        """Read the text anew, led by [ENC]; ``states`` are not needed."""
        led = begin_with(ids, self.tokenizer.enc_id)
        return self.text_encoder.read(led, memory)

    def language_targets(self, pairs: PairFeatures) -> LanguageTargets:
        """Read captions from left to right, led by [DEC]."""
        ids = begin_with(pairs.text.need('ids'), self.tokenizer.dec_id)
        states = self.text_decoder(self.text_encoder, ids, pairs.vision.tokens)
        labels = ids[:, 1:]
        chosen = labels != self.tokenizer.pad_id
        return LanguageTargets(
            states=states[:, :-1][chosen],
            labels=labels[chosen],
            vocabulary=self.text_encoder.vocabulary,
        )


def begin_with(ids: Tensor, first: int) -> Tensor:
    """Put another token in the first place; the ids stay as they are."""
    ids = ids.clone()
    ids[:, 0] = first
    return ids
