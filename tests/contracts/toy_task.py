# Copyright (c) elip_mm contributors. All rights reserved.
"""A task in a file of its own: which shape is the largest one?"""

from typing import Dict, List

import torch
import torch.nn.functional as F
from mmpretrain.structures import DataSample
from torch import Tensor, nn

from elip_mm.models.multimodal import LanguageImageModel
from elip_mm.registry import MODELS


@MODELS.register_module()
class LargestShapeModel(LanguageImageModel):
    """Answer from an image and its caption, by a linear layer.

    Args:
        num_classes (int): Shapes that there are.
        joint_dims (int): Width of the joint space.
        **kwargs: Those of :class:`LanguageImageModel`, with necks into a
            joint space.
    """

    def __init__(self, num_classes: int, joint_dims: int, **kwargs) -> None:
        super().__init__(**kwargs)
        self.classifier = nn.Linear(2 * joint_dims, num_classes)

    def answer(
        self, images: Tensor, data_samples: List[DataSample], reduce: bool
    ) -> Tensor:
        """Logits of the answers, shape ``(B, num_classes)``."""
        pairs = self.encode_pairs(images, self.tokenize(data_samples), reduce)
        both = [pairs.image_embed, pairs.text_embed]
        return self.classifier(torch.cat(both, dim=-1))

    def loss(
        self, images: Tensor, data_samples: List[DataSample]
    ) -> Dict[str, Tensor]:
        """Cross-entropy of a batch."""
        labels = torch.cat([sample.gt_label for sample in data_samples])
        logits = self.answer(images, data_samples, reduce=True)
        return dict(loss_answer=F.cross_entropy(logits, labels))

    @torch.no_grad()
    def predict(
        self, images: Tensor, data_samples: List[DataSample]
    ) -> List[DataSample]:
        """Scores of all answers, in each sample."""
        logits = self.answer(images, data_samples, self.reduce_at_test)
        for sample, score in zip(data_samples, logits.softmax(dim=-1)):
            sample.set_pred_score(score)
        return data_samples
