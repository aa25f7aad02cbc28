# Copyright (c) elip_mm contributors. All rights reserved.
from typing import Any, Dict, Iterable, Iterator, List, Tuple, Union

from mmpretrain.structures import DataSample
from torch import Tensor

from elip_mm.models.multimodal import LanguageImageModel
from elip_mm.structures import PairEmbeddings, PairFeatures

# A batch and the heads that add their losses to it.
Pass = Tuple[Union[PairFeatures, PairEmbeddings], Iterable[Any]]


class LanguageImagePretrainer(LanguageImageModel):
    """Pre-training on images with captions.

    A step is one or several passes. Each pass encodes the batch once and
    hands it to some of the heads, which add their losses.
    """

    def loss(
        self, images: Tensor, data_samples: List[DataSample]
    ) -> Dict[str, Tensor]:
        """Losses of a batch, reduced under its own captions.

        Args:
            images (Tensor): Shape ``(B, 3, H, W)``.
            data_samples (list[DataSample]): One caption each in ``text``.

        Returns:
            dict[str, Tensor]: Every key that contains "loss" is summed.
        """
        return self.compute_losses(images, self.tokenize(data_samples))

    def compute_losses(self, images: Tensor, ids: Tensor) -> Dict[str, Tensor]:
        """The same from tensors alone.

        Args:
            images (Tensor): Shape ``(B, 3, H, W)``.
            ids (Tensor): Token ids, shape ``(B, L)``.

        Returns:
            dict[str, Tensor]: Losses and logged values.
        """
        losses: Dict[str, Tensor] = {}
        for pairs, heads in self.passes(images, ids):
            for head in heads:
                losses.update(head.loss(pairs))
        return losses

    def passes(self, images: Tensor, ids: Tensor) -> Iterator[Pass]:
        """Encode a batch, once for each group of heads.

        Args:
            images (Tensor): Shape ``(B, 3, H, W)``.
            ids (Tensor): Token ids, shape ``(B, L)``.

        Yields:
            tuple[PairFeatures, Iterable[nn.Module]]: A batch and its heads.
        """
        yield self.encode_pairs(images, ids), self.heads.values()
