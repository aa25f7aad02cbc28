# Copyright (c) elip_mm contributors. All rights reserved.
from typing import Dict, Optional, Tuple

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor, nn

from elip_mm.ops import draw_negatives, negative_weights
from elip_mm.registry import MODELS
from elip_mm.structures import PairFeatures
from elip_mm.utils.precision import similarity


@MODELS.register_module()
class MatchingHead(BaseModule):
    """Tell right pairs from hard wrong ones of the same batch.

    Each text gets a wrong image, and each image a wrong text, that the
    contrast takes for similar. Their tokens are looked up, not encoded again;
    so a wrong image was reduced under its own caption.

    Args:
        embed_dims (int): Width ``C`` of the cross-encoded text.
        floor (float): Added to the share of every negative. Defaults to
            1e-4, as in BLIP.
        negatives (str): ``'sample'``, or ``'hardest'`` to take the most
            similar ones. Defaults to 'sample'.

    Source: ALBEF, https://arxiv.org/abs/2107.07651, section 3.2.
    """

    def __init__(
        self,
        embed_dims: int,
        floor: float = 1e-4,
        negatives: str = 'sample',
        init_cfg: Optional[dict] = None,
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        if negatives not in ('sample', 'hardest'):
            raise ValueError(
                "MatchingHead: negatives must be 'sample' or 'hardest', but "
                f'got {negatives!r}.'
            )
        self.fc = nn.Linear(embed_dims, 2)
        self.floor = floor
        self.negatives = negatives

    def loss(self, pairs: PairFeatures) -> Dict[str, Tensor]:
        """Compute the loss of a batch.

        Args:
            pairs (PairFeatures): ``B`` local pairs.

        Returns:
            dict[str, Tensor]: ``loss_itm`` over ``3 B`` rows, and for the log
            ``itm_acc``. A single pair has no negatives and makes one row.
        """
        texts, images = self.make_rows(pairs)
        states = pairs.need('cross_encode')(
            pairs.text.need('ids')[texts],
            pairs.text.tokens[texts],
            pairs.vision.tokens[images],
        )
        logits = self(states)
        labels = (texts == images).long()
        accuracy = (logits.argmax(dim=1) == labels).float().mean()
        return dict(loss_itm=F.cross_entropy(logits, labels), itm_acc=accuracy)

    @torch.no_grad()
    def make_rows(self, pairs: PairFeatures) -> Tuple[Tensor, Tensor]:
        """Put right and wrong pairs together.

        Args:
            pairs (PairFeatures): ``B`` local pairs.

        Returns:
            tuple[Tensor, Tensor]: Index of the text and of the image of each
            row, int64: right pairs, then texts with wrong images, then images
            with wrong texts.
        """
        momentum = pairs.need('momentum')
        image, text = pairs.need('image_embed'), pairs.need('text_embed')
        own = torch.arange(len(image), device=momentum.own.device)
        if len(own) == 1:
            return own, own
        images = self.choose(
            similarity(text, momentum.image_embed) / momentum.temperature
        )
        texts = self.choose(
            similarity(image, momentum.text_embed) / momentum.temperature
        )
        return torch.cat([own, own, texts]), torch.cat([own, images, own])

    def choose(self, logits: Tensor) -> Tensor:
        """Choose a wrong partner for each row of ``(B, B)`` similarities."""
        weights = negative_weights(logits, floor=self.floor)
        return draw_negatives(weights, self.negatives)

    def forward(self, states: Tensor) -> Tensor:
        """Logits of "no match" and "match".

        Args:
            states (Tensor): Cross-encoded texts, shape ``(R, L, C)``.

        Returns:
            Tensor: Shape ``(R, 2)``.
        """
        return self.fc(states[:, 0])
