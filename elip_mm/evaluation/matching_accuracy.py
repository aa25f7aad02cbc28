# Copyright (c) elip_mm contributors. All rights reserved.
from typing import Dict, List, Sequence, Tuple

import torch
from mmengine.evaluator import BaseMetric

from elip_mm.registry import METRICS


@METRICS.register_module()
class MatchingAccuracy(BaseMetric):
    """Share of pairs whose match or mismatch is judged right, in percent.

    Args:
        collect_device (str): 'cpu' or 'gpu'. Defaults to 'cpu'.
        prefix (str, optional): Defaults to None, 'itm'.
    """

    default_prefix = 'itm'

    def process(
        self, data_batch: Sequence[dict], data_samples: Sequence[dict]
    ) -> None:
        """Note how each pair was judged.

        Args:
            data_batch (Sequence[dict]): Not used.
            data_samples (Sequence[dict]): Pairs with ``pred_label`` and
                ``gt_label``, 1 for a match and 0 for a mismatch.
        """
        for sample in data_samples:
            self.results.append(
                (int(sample['gt_label']), int(sample['pred_label']))
            )

    def compute_metrics(
        self, results: List[Tuple[int, int]]
    ) -> Dict[str, float]:
        """Turn the judgements into shares.

        Args:
            results (list[tuple[int, int]]): What each pair is, and what it
                was taken for.

        Returns:
            dict[str, float]: ``accuracy`` of all pairs, and ``matched`` and
            ``mismatched`` of either kind, in percent.
        """
        truth, guess = torch.tensor(results).unbind(dim=1)
        right = (truth == guess).double()
        found = dict(accuracy=100 * right.mean().item())
        for name, label in (('matched', 1), ('mismatched', 0)):
            if (truth == label).any():
                found[name] = 100 * right[truth == label].mean().item()
        return found
