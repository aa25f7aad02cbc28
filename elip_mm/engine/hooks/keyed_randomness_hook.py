# Copyright (c) elip_mm contributors. All rights reserved.
import random
from typing import Any, Dict, Optional

import numpy as np
import torch
from mmengine.dist import get_rank
from mmengine.hooks import Hook
from mmengine.runner import Runner

from elip_mm.registry import HOOKS
from elip_mm.utils.keyed_random import keyed_seed


def _seed_everything(seed: int) -> None:
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)  # accelerators included


def _get_states() -> Dict[str, Any]:
    """Random states of this process, in tensors and plain containers."""
    kind, keys, *rest = np.random.get_state(legacy=True)
    states = dict(
        python=random.getstate(),
        # torch has no unsigned 32-bit integers before 2.3.
        numpy=(
            kind,
            torch.from_numpy(np.asarray(keys, dtype=np.int64)),
            *rest,
        ),
        torch=torch.get_rng_state(),
    )
    if torch.cuda.is_available():
        states['cuda'] = torch.cuda.get_rng_state()
    return states


def _set_states(states: Dict[str, Any]) -> None:
    version, words, gauss = states['python']
    random.setstate((version, tuple(words), gauss))
    kind, keys, *rest = states['numpy']
    np.random.set_state((kind, keys.cpu().numpy().astype(np.uint32), *rest))
    # Loading may have moved the states to the device of the model.
    torch.set_rng_state(states['torch'].cpu())
    if 'cuda' in states and torch.cuda.is_available():
        torch.cuda.set_rng_state(states['cuda'].cpu())


@HOOKS.register_module()
class KeyedRandomnessHook(Hook):
    """Give each iteration random numbers of its own, derived from its number.

    Before every training iteration the generators of Python, numpy, torch and
    the accelerators are seeded from (seed, iteration, rank). Dropout and the
    like then depend on nothing that came before, so a resumed run repeats
    them on every rank without any stored state.

    For code outside of iterations, the first rank's random states are saved
    with each checkpoint and are put back when training is resumed; the other
    ranks are seeded from the resumed iteration.

    Comes first of all hooks, so that what others draw is keyed as well.
    """

    priority = 'HIGHEST'

    def __init__(self) -> None:
        self._resumed: Optional[Dict[str, Any]] = None

    def before_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None
    ) -> None:
        """Seed all generators for this iteration.

        Args:
            runner (Runner): The runner.
            batch_idx (int): Number of the batch in its epoch.
            data_batch (Any): The batch. Defaults to None.
        """
        _seed_everything(keyed_seed(runner.seed, runner.iter, get_rank()))

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Add the random states to ``checkpoint['meta']``.

        Args:
            runner (Runner): The runner.
            checkpoint (dict): What is about to be saved.
        """
        checkpoint['meta']['random_states'] = _get_states()

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Remember the random states of a checkpoint.

        Args:
            runner (Runner): The runner.
            checkpoint (dict): What was loaded.
        """
        meta = checkpoint.get('meta') or {}
        self._resumed = meta.get('random_states')

    def before_train(self, runner: Runner) -> None:
        """Put the random states back, if training is resumed.

        Args:
            runner (Runner): The runner.
        """
        if runner.iter > 0:
            self._restore(runner)

    def after_resume_epoch(self, runner: Runner) -> None:
        """Put them back once more, as opening the data has drawn from them.

        In the run that is resumed, that had happened before the checkpoint.
        A hook point of :class:`ResumableTrainLoop`, not of mmengine.

        Args:
            runner (Runner): The runner.
        """
        self._restore(runner)

    def _restore(self, runner: Runner) -> None:
        if get_rank() == 0 and self._resumed is not None:
            try:
                _set_states(self._resumed)
            # They come from a file, where they may be anything.
            except Exception as error:
                raise ValueError(
                    'the checkpoint has random states that cannot be put '
                    f'back ({type(error).__name__}: {error}); resume from an '
                    'earlier one, or give it as load_from.'
                ) from error
        else:
            # Not the key of an iteration, so as not to repeat its numbers.
            _seed_everything(
                keyed_seed(runner.seed, runner.iter, get_rank(), -1)
            )
