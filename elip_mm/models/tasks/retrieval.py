# Copyright (c) elip_mm contributors. All rights reserved.
from typing import Dict, List, Optional, Tuple

import torch
from mmengine.dist import all_gather
from mmpretrain.structures import DataSample
from torch import Tensor

Predictions = List[DataSample]


class DualEncoderRetrieval:
    """Both directions of retrieval from joint features, as a mixin.

    The interface is that of mmpretrain's ``RetrievalValLoop`` and
    ``RetrievalTestLoop``.
    """

    @torch.no_grad()
    def predict_all(
        self,
        feats: Dict[str, Tensor],
        data_samples: List[DataSample],
        num_images: Optional[int] = None,
        num_texts: Optional[int] = None,
    ) -> Tuple[Predictions, Predictions]:
        """Score every local image with all texts, and the other way round.

        Args:
            feats (dict[str, Tensor]): ``image_feat (B, E)`` and
                ``text_feat (T, E)`` of this process.
            data_samples (list[DataSample]): The local samples with
                ``gt_text_id`` (columns of the right texts) and
                ``gt_image_id`` (for each caption the right images).
            num_images (int, optional): Images of the whole set. Defaults to
                None, those that are there.
            num_texts (int, optional): Texts of the whole set. Defaults to
                None, those that are there.

        Returns:
            tuple[list[DataSample], list[DataSample]]: One sample a local
            image, with scores of all texts; one a local text, with scores of
            all images.
        """
        image, text = feats['image_feat'], feats['text_feat']
        all_image = torch.cat(all_gather(image))[:num_images]
        all_text = torch.cat(all_gather(text))[:num_texts]
        text_targets, image_targets = [], []
        for sample in data_samples:
            text_targets.append(sample.get('gt_text_id'))
            image_targets.extend(sample.get('gt_image_id'))
        return (
            fill_samples(image @ all_text.t(), text_targets),
            fill_samples(text @ all_image.t(), image_targets),
        )


def fill_samples(
    scores: Tensor,
    targets: List[List[int]],
    contrast: Optional[Tensor] = None,
) -> Predictions:
    """Pack rows of scores with the columns that are right.

    Args:
        scores (Tensor): One row a query, shape ``(Q, N)``.
        targets (list[list[int]]): Right columns of each query.
        contrast (Tensor, optional): What the joint features alone say, where
            the scores say more, shape ``(Q, N)``. Defaults to None.

    Returns:
        list[DataSample]: With ``pred_score``, ``gt_label`` and, if there is
        one, ``contrastive_score``.
    """
    samples = []
    for index, (row, target) in enumerate(zip(scores, targets)):
        sample = DataSample().set_pred_score(row).set_gt_label(target)
        if contrast is not None:
            sample.set_field(contrast[index], 'contrastive_score')
        samples.append(sample)
    return samples
