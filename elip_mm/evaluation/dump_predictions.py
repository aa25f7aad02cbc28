# Copyright (c) elip_mm contributors. All rights reserved.
from typing import Any, Dict, List

from mmengine.evaluator import DumpResults

from elip_mm.registry import METRICS

__all__ = ['DumpPredictions']


@METRICS.register_module()
class DumpPredictions(DumpResults):
    """Write all predictions of a test to one file.

    A retrieval test evaluates twice, first with images for queries, then with
    texts, and mmengine's ``DumpResults`` would overwrite the first round with
    the second. Here the file holds one list with the queries of all rounds,
    in their order.

    Args:
        out_file_path (str): The file, ending in ``.pkl``. Read it with care:
            unpickling a file from elsewhere can run code.
        **kwargs: Arguments of :class:`mmengine.evaluator.DumpResults`.
    """

    def __init__(self, out_file_path: str, **kwargs) -> None:
        super().__init__(out_file_path, **kwargs)
        self._rounds: List[Any] = []

    def compute_metrics(self, results: list) -> Dict[str, float]:
        """Write this round's predictions and those before.

        Args:
            results (list): Predictions of this round.

        Returns:
            Dict[str, float]: Empty; there is nothing to report.
        """
        self._rounds.extend(results)
        return super().compute_metrics(self._rounds)
