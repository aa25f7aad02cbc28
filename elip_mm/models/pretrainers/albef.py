# Copyright (c) elip_mm contributors. All rights reserved.
from typing import Dict, Iterator, Optional, Tuple

import torch
from torch import Tensor

from elip_mm.ops import mask_tokens
from elip_mm.registry import MODELS
from elip_mm.structures import LanguageTargets, PairFeatures, TextFeatures

from .momentum import MomentumPretrainer


@MODELS.register_module()
class ALBEFPretrainer(MomentumPretrainer):
    """Align before fuse, with ELIP in the online image tower.

    Contrastive learning, matching and masked language modelling; the momentum
    encoder gives soft targets to the first and the last. The text encoder's
    upper half reads the short, reduced sequence of image tokens.

    Args:
        mask_ratio (float): Ratio of the words that are to be guessed.
            Defaults to 0.15.
        **kwargs: Those of :class:`MomentumPretrainer`. The text encoder is
            an :class:`ALBEFTextEncoder`, and a head named ``mlm`` a
            :class:`LanguageHead`.

    Source: ALBEF, https://arxiv.org/abs/2107.07651; ELIP,
    https://arxiv.org/abs/2309.16738.
    """

    momentum_parts = dict(
        **MomentumPretrainer.momentum_parts, predictor='heads.mlm.predictor'
    )

    def __init__(self, mask_ratio: float = 0.15, **kwargs) -> None:
        super().__init__(**kwargs)
        self.mask_ratio = mask_ratio

    def cross_encode(
        self, ids: Tensor, states: Optional[Tensor], memory: Tensor
    ) -> Tensor:
        """Go on from the states of the text alone, see the parent."""
        return self.text_encoder.fuse(ids, states, memory)

    def mask_text(self, ids: Tensor) -> Tuple[Tensor, Tensor]:
        """Hide words of captions.

        Args:
            ids (Tensor): Token ids, shape ``(B, L)``.

        Returns:
            tuple[Tensor, Tensor]: Ids and labels, see
            :func:`elip_mm.ops.mask_tokens`.
        """
        return mask_tokens(
            ids,
            mask_id=self.tokenizer.mask_id,
            vocab_size=self.tokenizer.vocab_size,
            spared=(self.tokenizer.pad_id, self.tokenizer.cls_id),
            share=self.mask_ratio,
        )

    def language_targets(self, pairs: PairFeatures) -> LanguageTargets:
        """Read masked captions, online and by the momentum encoder."""
        ids, labels = self.mask_text(pairs.text.need('ids'))
        # Only what is to be guessed meets the vocabulary: a seventh of it.
        chosen = labels >= 0
        states = self.text_encoder.read(ids, pairs.vision.tokens)[chosen]
        with torch.no_grad():
            encoder = self.momentum_part('text_encoder')
            seen = encoder.read(ids, pairs.need('momentum').vision.tokens)
            soft = self.momentum_part('predictor')(
                seen[chosen], encoder.vocabulary
            )
        return LanguageTargets(
            states=states,
            labels=labels[chosen],
            vocabulary=self.text_encoder.vocabulary,
            momentum_logits=soft,
        )

    def stored_text(self, text: TextFeatures) -> Dict[str, Tensor]:
        """The states too, as matching goes on from them."""
        return dict(text_ids=text.need('ids'), text_states=text.tokens)

    def _missing_parts(self) -> Iterator[str]:
        yield from super()._missing_parts()
        if 'mlm' not in self.heads:
            yield (
                "a head named 'mlm', such as mlm=dict(type="
                "'elip_mm.LanguageHead', name='mlm', embed_dims=768, "
                f'vocab_size=30522); there are {sorted(self.heads)}.'
            )
