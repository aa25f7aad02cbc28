# Copyright (c) elip_mm contributors. All rights reserved.
from dataclasses import replace
from typing import Any, Dict, List, Optional

from mmengine.model import BaseModel
from mmpretrain.structures import DataSample
from torch import Tensor

from elip_mm.registry import TASK_UTILS
from elip_mm.structures import FusedFeatures
from elip_mm.utils.precision import exact, widen


@TASK_UTILS.register_module()
class PairMatching:
    """Judge whether each image and its caption belong together.

    For models with a ``fusion``. With the model's ``reduce_at_test`` the
    images are reduced under the captions that they are judged against.
    """

    def extract(
        self,
        model: BaseModel,
        images: Tensor,
        data_samples: Optional[List[DataSample]] = None,
    ) -> Dict[str, Tensor]:
        """Features of pairs.

        Args:
            model (LanguageImageModel): The model.
            images (Tensor): Shape ``(B, 3, H, W)``.
            data_samples (list[DataSample]): One caption each in ``text``.

        Returns:
            dict[str, Tensor]: ``joint_feat (B, 2 * C)`` and, with a head
            ``itm``, ``match_logits (B, 2)``.
        """
        ids = model.tokenize(data_samples or [])
        if len(ids) != len(images):
            raise ValueError(
                f'{type(model).__name__} judges pairs, but got {len(ids)} '
                f'captions for {len(images)} images; give every image one '
                'caption, in test sets by wrapping them in '
                'elip_mm.MatchingPairs.'
            )
        pairs = model.encode_pairs(images, ids, model.reduce_at_test)
        features = dict(joint_feat=pairs.fused.joint)
        if 'itm' in model.heads:
            features['match_logits'] = _judge(model.heads['itm'], pairs.fused)
        return features

    def predict(
        self,
        model: BaseModel,
        images: Tensor,
        data_samples: List[DataSample],
    ) -> List[DataSample]:
        """Judge pairs.

        Args:
            model (LanguageImageModel): The model.
            images (Tensor): Shape ``(B, 3, H, W)``.
            data_samples (list[DataSample]): One caption each in ``text``.

        Returns:
            list[DataSample]: The same with ``pred_score (2,)``,
            probabilities of "no match" and "match", and ``pred_label``.
        """
        logits = self.extract(model, images, data_samples)['match_logits']
        for sample, score in zip(data_samples, logits.softmax(dim=-1)):
            sample.set_pred_score(score).set_pred_label(score.argmax())
        return data_samples


def _judge(head: Any, fused: FusedFeatures) -> Tensor:
    """Logits of pairs, as wide as the weights even under autocast."""
    joint = fused.joint.to(next(head.parameters()).dtype)
    with exact(joint.device):
        return widen(head(replace(fused, joint=joint)))
