# Copyright (c) elip_mm contributors. All rights reserved.
from typing import List, Optional, Sequence

import torch
from mmengine.dataset import default_collate
from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch.utils.data import Dataset

from elip_mm.apis import draw_samples
from elip_mm.registry import DATASETS, HOOKS
from elip_mm.utils.keyed_random import keyed_random
from elip_mm.utils.model_wrappers import unwrap_model


@HOOKS.register_module()
class TokenMapHook(Hook):
    """Draw which patches of a few fixed samples are kept, as training goes.

    The pictures go through the runner's visualizer, hence to files,
    TensorBoard or WandB, as the config says. The samples and the random
    numbers of their transforms are the same each time, and those of the
    training are not touched.

    Args:
        interval (int): Iterations between two drawings; the first one is
            made before training. Defaults to 1000.
        indices (Sequence[int]): Numbers of the samples in the data set.
            Defaults to (0, 1, 2, 3).
        dataset (dict, optional): Config of a data set. Defaults to None: the
            one of validation, or else of training.
        boxes (bool): Whether to frame what the caption speaks of, if the
            samples tell (``boxes`` and ``mentioned``). Defaults to True.
    """

    priority = 'LOW'

    def __init__(
        self,
        interval: int = 1000,
        indices: Sequence[int] = (0, 1, 2, 3),
        dataset: Optional[dict] = None,
        boxes: bool = True,
    ) -> None:
        if interval < 1 or not indices:
            raise ValueError(
                'TokenMapHook: interval must be positive and indices name at '
                f'least one sample, but got {interval} and {indices}.'
            )
        self.interval = interval
        self.indices = tuple(indices)
        self.boxes = boxes
        self._config = dataset
        self._dataset: Optional[Dataset] = None

    def before_train(self, runner: Runner) -> None:
        """Choose the samples and draw them for the first time."""
        if not is_main_process():
            return
        self._dataset = self._choose(runner)
        self._draw(runner, runner.iter)

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch=None, outputs=None
    ) -> None:
        """Draw every so many iterations."""
        if self.every_n_train_iters(runner, self.interval):
            if is_main_process():
                self._draw(runner, runner.iter + 1)

    def _choose(self, runner: Runner) -> Dataset:
        if self._config is not None:
            dataset = DATASETS.build(self._config)
        elif runner.val_loop is not None:
            dataset = runner.val_loop.dataloader.dataset
        else:
            dataset = runner.train_loop.dataloader.dataset
        if max(self.indices) >= len(dataset):
            raise ValueError(
                f'TokenMapHook: there is no sample {max(self.indices)} in '
                f'{type(dataset).__name__}, which has {len(dataset)}; choose '
                'other indices.'
            )
        return dataset

    def _load(self) -> List[dict]:
        samples = []
        for index in self.indices:
            with keyed_random(seed=0, epoch=0, index=index):
                samples.append(self._dataset[index])
        return samples

    @torch.no_grad()
    def _draw(self, runner: Runner, step: int) -> None:
        model = runner.model
        model = unwrap_model(model)
        for index, sample in zip(self.indices, self._load()):
            # One by one: samples of a test set may differ in size.
            batch = default_collate([sample])
            data = model.data_preprocessor(batch, training=False)
            images = data.get('images', data.get('inputs'))
            (picture,) = draw_samples(
                model, images, data['data_samples'], self.boxes
            )
            runner.visualizer.add_image(f'tokens_{index}', picture, step)
