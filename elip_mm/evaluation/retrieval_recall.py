# Copyright (c) elip_mm contributors. All rights reserved.
from typing import Dict, List, Sequence

import torch
from mmpretrain.evaluation import RetrievalRecall as _RetrievalRecall
from torch import Tensor

from elip_mm.registry import METRICS

NO_ANSWER = -1  # in place of the rank of an image without captions


@METRICS.register_module()
class RetrievalRecall(_RetrievalRecall):
    """Share of queries with a right answer among the best k, in percent.

    Any of several right answers counts. Images of a gallery that no caption
    belongs to are candidates, but no queries.

    It replaces mmpretrain's metric of the same name, which calls a function
    that numpy 2.4 no longer has and fails if ``k`` exceeds the gallery.

    Args:
        topk (int | Sequence[int]): One k or several.
        collect_device (str): 'cpu' or 'gpu'. Defaults to 'cpu'.
        prefix (str, optional): Defaults to None, 'retrieval'.
    """

    def process(
        self, data_batch: Sequence[dict], data_samples: Sequence[dict]
    ) -> None:
        """Rank the candidates of each query.

        Args:
            data_batch (Sequence[dict]): Not used.
            data_samples (Sequence[dict]): Queries with ``pred_score``, the
                score of every candidate, and ``gt_label``, the right ones.
        """
        for sample in data_samples:
            self.results.append(
                query_rank(sample['pred_score'], sample['gt_label'])
            )

    def compute_metrics(self, results: List[int]) -> Dict[str, float]:
        """Turn the ranks of all queries into recalls.

        Args:
            results (list[int]): Rank of the best right answer, from 0, or
                ``NO_ANSWER``.

        Returns:
            dict[str, float]: ``Recall@k`` in percent.

        Raises:
            ValueError: No query has a right answer.
        """
        ranks = torch.as_tensor(results)
        ranks = ranks[ranks != NO_ANSWER]
        if len(ranks) == 0:
            raise ValueError(
                f'{type(self).__name__}: none of the {len(results)} queries '
                'has a right answer; check gt_text_id and gt_image_id of the '
                'gallery.'
            )
        return {
            f'Recall@{k}': 100 * (ranks < k).double().mean().item()
            for k in self.topk
        }


def query_rank(scores: Tensor, right: Tensor) -> int:
    """As :func:`best_rank`, but ``NO_ANSWER`` for what is no query.

    Args:
        scores (Tensor): Score of every candidate, shape ``(N,)``.
        right (Tensor): Indices of the right ones, shape ``(R,)``.

    Returns:
        int: The rank. Queries without an answer stay in the results, which
        are counted and cut when several processes put theirs together.
    """
    return NO_ANSWER if len(right) == 0 else best_rank(scores, right)


def best_rank(scores: Tensor, right: Tensor) -> int:
    """Rank of the best right answer, counted from 0.

    Equal scores count against the model: a tower that maps everything to one
    point must not look perfect.

    Args:
        scores (Tensor): Score of every candidate, shape ``(N,)``.
        right (Tensor): Indices of the right ones, shape ``(R,)``.

    Returns:
        int: Number of wrong candidates that score at least as high.

    Raises:
        ValueError: There is no right one.
    """
    if len(right) == 0:
        raise ValueError(
            'a query without a right answer has no rank; check gt_text_id and '
            'gt_image_id of the gallery.'
        )
    best = scores[right].max()
    wrong = torch.ones_like(scores, dtype=torch.bool)
    wrong[right] = False
    # "Not below" instead of "at least", so that NaN counts against it too.
    return int((~(scores[wrong] < best)).sum())
