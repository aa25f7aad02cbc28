# Copyright (c) elip_mm contributors. All rights reserved.
from typing import Sequence

from elip_mm.registry import METRICS

from .retrieval_recall import RetrievalRecall, query_rank


@METRICS.register_module()
class ContrastiveRecall(RetrievalRecall):
    """Recall of the first of two retrieval stages, beside that of the second.

    Models that re-rank by matching leave the cosine of every candidate in
    ``contrastive_score``. What that alone would have reached shows what
    matching is worth.

    Args:
        topk (int | Sequence[int]): One k or several.
        collect_device (str): 'cpu' or 'gpu'. Defaults to 'cpu'.
        prefix (str, optional): Defaults to None, 'contrastive'.
    """

    default_prefix = 'contrastive'

    def process(
        self, data_batch: Sequence[dict], data_samples: Sequence[dict]
    ) -> None:
        """Rank the candidates of each query.

        Args:
            data_batch (Sequence[dict]): Not used.
            data_samples (Sequence[dict]): Queries with ``contrastive_score``,
                the cosine of every candidate, and ``gt_label``, the right
                ones.
        """
        for sample in data_samples:
            if 'contrastive_score' not in sample:
                raise ValueError(
                    'ContrastiveRecall: samples have no contrastive_score; '
                    'the metric is for models that re-rank by matching. '
                    'Remove it from the evaluator.'
                )
            self.results.append(
                query_rank(sample['contrastive_score'], sample['gt_label'])
            )
