# Copyright (c) elip_mm contributors. All rights reserved.
import time
from typing import Optional

from mmengine.dist import get_world_size
from mmengine.hooks import Hook
from mmengine.runner import Runner

from elip_mm.analysis.layer_watch import (
    LayerWatch,
    look_ahead_share,
    mean_tokens,
)
from elip_mm.analysis.peak_memory import device_peak
from elip_mm.registry import HOOKS


@HOOKS.register_module()
class EfficiencyHook(Hook):
    """Write speed and saving into the usual log line.

    - ``images_per_s``: images of all processes a second of training, data
      loading included and validation left out, mean since the last entry;
    - ``mean_tokens``: mean length of the sequences that enter the layers of
      the vision tower;
    - ``look_ahead_share``: share of the layers' arithmetic, backward pass
      included, that only looks ahead;
    - ``peak_memory``: MiB of the device, where it tells.

    Tokens are counted in one iteration of each interval, by hooks on the
    layers that are taken off again.

    Args:
        interval (int): Iterations between two entries. Defaults to 50.
    """

    def __init__(self, interval: int = 50) -> None:
        if interval < 1:
            raise ValueError(
                f'EfficiencyHook: interval must be positive, got {interval}.'
            )
        self.interval = interval
        self._watch: Optional[LayerWatch] = None
        self._calls: list = []
        self._images, self._seconds = 0, 0.0
        self._last: Optional[float] = None

    def before_train_iter(
        self, runner: Runner, batch_idx: int, data_batch=None
    ) -> None:
        """Start the clock, and the watch where an entry is due."""
        if self._last is None:
            self._last = time.perf_counter()
        if self._due(runner):
            self._watch = LayerWatch(runner.model)
            self._calls = self._watch.__enter__()

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch=None, outputs=None
    ) -> None:
        """Count the iteration and write the entry if one is due."""
        now = time.perf_counter()
        self._images += _batch_size(data_batch) * get_world_size()
        self._seconds += now - (now if self._last is None else self._last)
        self._last = now
        if self._watch is None:
            return
        self._watch.__exit__()
        self._watch = None
        peak = device_peak()
        entry = dict(
            images_per_s=self._images / max(self._seconds, 1e-9),
            mean_tokens=mean_tokens(self._calls),
            look_ahead_share=look_ahead_share(self._calls),
            peak_memory=None if peak is None else peak / 2**20,
        )
        for name, value in entry.items():
            if value is not None:
                runner.message_hub.update_scalar(f'train/{name}', value)
        self._images, self._seconds = 0, 0.0

    def before_val(self, runner: Runner) -> None:
        """The time of a validation is not that of training."""
        self._last = None

    def after_train(self, runner: Runner) -> None:
        """Stop the clock."""
        self._last = None

    def _due(self, runner: Runner) -> bool:
        # The first iteration, too, so that every log line has the entries.
        done = runner.iter + 1
        return done % self.interval == 0 or runner.iter == 0


def _batch_size(data_batch) -> int:
    if isinstance(data_batch, dict):
        data_batch = data_batch.get('data_samples', data_batch.get('inputs'))
    return 0 if data_batch is None else len(data_batch)
