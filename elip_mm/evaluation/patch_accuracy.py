# Copyright (c) elip_mm contributors. All rights reserved.
from typing import Dict, List, Sequence

import torch
from mmengine.evaluator import BaseMetric
from torch import Tensor

from elip_mm.registry import METRICS


@METRICS.register_module()
class PatchAccuracy(BaseMetric):
    """Share of the patches with an object that are named right, in percent.

    The ground, label 0, is most of an image and easy to tell; it has a figure
    of its own.

    Args:
        names (Sequence[str]): Kinds of labels, in the order of the samples'
            ``patch_labels``. Defaults to ('shape', 'colour').
        collect_device (str): 'cpu' or 'gpu'. Defaults to 'cpu'.
        prefix (str, optional): Defaults to None, 'patch'.
    """

    default_prefix = 'patch'

    def __init__(
        self,
        names: Sequence[str] = ('shape', 'colour'),
        collect_device: str = 'cpu',
        prefix=None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        self.names = tuple(names)

    def process(
        self, data_batch: Sequence[dict], data_samples: Sequence[dict]
    ) -> None:
        """Count right patches of each image.

        Args:
            data_batch (Sequence[dict]): Not used.
            data_samples (Sequence[dict]): With ``patch_labels`` and
                ``pred_patch_labels``, int64, shape ``(kinds, patches)``.
        """
        for sample in data_samples:
            truth = torch.as_tensor(sample['patch_labels']).cpu()
            right = truth == sample['pred_patch_labels'].cpu()
            shown = truth > 0
            self.results.append(
                torch.cat(
                    [
                        (right & shown).sum(1),
                        shown.sum(1),
                        (right & ~shown).sum(1)[:1],
                        (~shown).sum(1)[:1],
                    ]
                )
            )

    def compute_metrics(self, results: List[Tensor]) -> Dict[str, float]:
        """Turn the counts into shares.

        Args:
            results (list[Tensor]): Counts of each image.

        Returns:
            dict[str, float]: ``<name>_accuracy`` over patches with an object
            and ``ground_accuracy`` over the others, in percent.
        """
        total = torch.stack(results).sum(0).double()
        kinds = len(self.names)
        shares = 100 * total[:kinds] / total[kinds : 2 * kinds]
        found = {
            f'{name}_accuracy': share.item()
            for name, share in zip(self.names, shares)
        }
        found['ground_accuracy'] = (100 * total[-2] / total[-1]).item()
        return found
