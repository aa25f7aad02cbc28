# Copyright (c) elip_mm contributors. All rights reserved.
from typing import Dict, Optional

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from mmpretrain.models.multimodal.blip.language_model import (
    BertPredictionHeadTransform,
)
from torch import Tensor, nn

from elip_mm.registry import MODELS
from elip_mm.structures import FusedFeatures, PairFeatures


class _WeightedHead(BaseModule):
    """What both heads share: the weight of their loss and BERT's start."""

    def __init__(self, loss_weight: float, init_cfg: Optional[dict]) -> None:
        super().__init__(init_cfg=init_cfg)
        if not loss_weight > 0:
            raise ValueError(
                f'{type(self).__name__}: loss_weight must be positive, but '
                f'got {loss_weight}; leave the head out to switch its pass '
                'off.'
            )
        self.loss_weight = float(loss_weight)

    def init_weights(self) -> None:
        """Initialise as BERT does."""
        if self.is_init:
            return
        super().init_weights()
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.normal_(module.weight, std=0.02)
                nn.init.zeros_(module.bias)


@MODELS.register_module()
class METERMLMHead(_WeightedHead):
    """Guesses hidden words from what the fusion made of them.

    BERT's transform and a linear layer that is not tied to the embeddings.

    Args:
        embed_dims (int): Width of the fusion. Defaults to 768.
        vocab_size (int): Size of the vocabulary. Defaults to 30522.
        loss_weight (float): Defaults to 1.

    Source: METER, https://arxiv.org/abs/2111.02387.
    """

    def __init__(
        self,
        embed_dims: int = 768,
        vocab_size: int = 30522,
        loss_weight: float = 1.0,
        init_cfg: Optional[dict] = None,
    ) -> None:
        super().__init__(loss_weight, init_cfg)
        from transformers import BertConfig

        self.vocab_size = vocab_size
        self.transform = BertPredictionHeadTransform(
            BertConfig(hidden_size=embed_dims)
        )
        self.decoder = nn.Linear(embed_dims, vocab_size)

    def loss(self, pairs: PairFeatures) -> Dict[str, Tensor]:
        """Compute the loss of a batch.

        Args:
            pairs (PairFeatures): Pairs with hidden words in ``language``.

        Returns:
            dict[str, Tensor]: ``loss_mlm``, in nats per hidden word, and for
            the log ``mlm_acc``, the share of them guessed right.
        """
        language = pairs.need('language')
        labels = language.labels
        logits = self.decoder(self.transform(language.states))
        total = F.cross_entropy(logits, labels, reduction='sum')
        count = max(len(labels), 1)
        right = (logits.detach().argmax(dim=-1) == labels).sum()
        return dict(
            loss_mlm=self.loss_weight * total / count, mlm_acc=right / count
        )


@MODELS.register_module()
class METERITMHead(_WeightedHead):
    """Tells whether an image and a text belong together.

    Args:
        embed_dims (int): Width of the fusion; both streams are read.
            Defaults to 768.
        loss_weight (float): Defaults to 1.

    Source: METER, https://arxiv.org/abs/2111.02387.
    """

    def __init__(
        self,
        embed_dims: int = 768,
        loss_weight: float = 1.0,
        init_cfg: Optional[dict] = None,
    ) -> None:
        super().__init__(loss_weight, init_cfg)
        self.fc = nn.Linear(2 * embed_dims, 2)

    def forward(self, fused: FusedFeatures) -> Tensor:
        """Score pairs.

        Args:
            fused (FusedFeatures): ``B`` pairs.

        Returns:
            Tensor: Logits of "no match" and "match", shape ``(B, 2)``.
        """
        return self.fc(fused.joint)

    def loss(self, pairs: PairFeatures) -> Dict[str, Tensor]:
        """Compute the loss of a batch.

        Args:
            pairs (PairFeatures): Pairs, some with a replaced image; which of
                them says ``matched``.

        Returns:
            dict[str, Tensor]: ``loss_itm``, in nats, and for the log
            ``itm_acc``, the share of pairs judged right.
        """
        matched = pairs.need('matched')
        logits = self(pairs.need('fused'))
        loss = F.cross_entropy(logits, matched)
        with torch.no_grad():
            accuracy = (logits.argmax(dim=-1) == matched).float().mean()
        return dict(loss_itm=self.loss_weight * loss, itm_acc=accuracy)
