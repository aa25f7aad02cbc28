# Copyright (c) elip_mm contributors. All rights reserved.
from pathlib import Path
from typing import List, Optional, Sequence, Tuple

import numpy as np
from mmengine.dataset import default_collate
from mmengine.dist import get_rank, get_world_size, is_main_process
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import Tensor
from torch.utils.data import Dataset

from elip_mm.apis import draw_samples
from elip_mm.registry import DATASETS, HOOKS
from elip_mm.utils.keyed_random import keyed_random
from elip_mm.utils.model_wrappers import unwrap_model
from elip_mm.visualization import save_token_sheet


@HOOKS.register_module()
class TokenVisualizationHook(Hook):
    """Draw which patches a model keeps under which caption.

    While it trains, the same few samples are drawn again and again, through
    the runner's visualizer: to files, TensorBoard or WandB, as the config
    says. Their transforms draw the same random numbers each time, and those
    of the training are not touched.

    When it is tested, samples of the test set are drawn, as
    ``tools/test.py --show-dir`` asks. These pictures, too, show the reduction
    of the training loss, whether the test itself reduces or not.

    Args:
        enable (bool): Whether to draw at all. Defaults to False.
        interval (int): In training, iterations between two drawings, the
            first of which is made before it; in a test, one of so many
            samples is drawn. Defaults to 1000.
        indices (Sequence[int]): Numbers of the samples that are drawn in
            training. Defaults to (0, 1, 2, 3).
        dataset (dict, optional): Config of the data set that these are taken
            from. Defaults to None: the one of validation, or else of
            training.
        boxes (bool): Whether to frame what the caption speaks of, if the
            samples tell (``boxes`` and ``mentioned``). Defaults to True.
        out_dir (str, optional): Folder of the pictures of a test. Defaults to
            None: none are written.
        show (bool): Whether to show those of a test in a window. Defaults to
            False.
        wait_time (float): Seconds for which a window stays. Defaults to 0,
            until a key is pressed.
    """

    priority = 'LOW'

    def __init__(
        self,
        enable: bool = False,
        interval: int = 1000,
        indices: Sequence[int] = (0, 1, 2, 3),
        dataset: Optional[dict] = None,
        boxes: bool = True,
        out_dir: Optional[str] = None,
        show: bool = False,
        wait_time: float = 0.0,
    ) -> None:
        if interval < 1 or not indices:
            raise ValueError(
                'TokenVisualizationHook: interval must be at least 1 and '
                'indices name at least one sample, but got '
                f'{interval} and {indices}.'
            )
        self.enable = enable
        self.interval = interval
        self.indices = tuple(indices)
        self.boxes = boxes
        self.out_dir = Path(out_dir) if out_dir else None
        self.show = show
        self.wait_time = wait_time
        self._config = dataset
        self._dataset: Optional[Dataset] = None
        self._seen = 0

    def before_train(self, runner: Runner) -> None:
        """Choose the samples and draw them for the first time."""
        if self.enable and is_main_process():
            self._dataset = self._choose_dataset(runner)
            self._draw_fixed(runner, self._dataset, runner.iter)

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch=None, outputs=None
    ) -> None:
        """Draw every ``interval`` iterations."""
        if self._dataset is not None:  # on the main process alone
            if self.every_n_train_iters(runner, self.interval):
                self._draw_fixed(runner, self._dataset, runner.iter + 1)

    def before_test_epoch(self, runner: Runner) -> None:
        """Begin to count."""
        self._seen = 0

    def after_test_iter(
        self, runner: Runner, batch_idx: int, data_batch=None, outputs=None
    ) -> None:
        """Draw the samples of a batch whose turn it is."""
        if not self.enable or not (self.show or self.out_dir):
            return
        size = len(data_batch['data_samples'])
        first, self._seen = self._seen, self._seen + size
        due = [
            place
            for place in range(size)
            if (first + place) % self.interval == 0
        ]
        if not due:
            return
        images, samples = _preprocess(runner, data_batch)
        pictures = draw_samples(
            runner.model,
            images[due],
            [samples[place] for place in due],
            self.boxes,
        )
        for place, picture in zip(due, pictures):
            self._put(runner, picture, first + place)

    def _choose_dataset(self, runner: Runner) -> Dataset:
        if self._config is not None:
            dataset = DATASETS.build(self._config)
        elif runner.val_loop is not None:
            dataset = runner.val_loop.dataloader.dataset
        else:
            dataset = runner.train_loop.dataloader.dataset
        if max(self.indices) >= len(dataset):
            raise ValueError(
                'TokenVisualizationHook: there is no sample '
                f'{max(self.indices)} in {type(dataset).__name__}, which has '
                f'{len(dataset)}; choose other indices.'
            )
        return dataset

    def _draw_fixed(self, runner: Runner, dataset: Dataset, step: int) -> None:
        for index in self.indices:
            with keyed_random(seed=0, epoch=0, index=index):
                sample = dataset[index]
            # One by one: samples of a test set may differ in size.
            images, samples = _preprocess(runner, default_collate([sample]))
            (picture,) = draw_samples(
                runner.model, images, samples, self.boxes
            )
            runner.visualizer.add_image(f'tokens_{index}', picture, step)

    def _put(self, runner: Runner, picture: np.ndarray, number: int) -> None:
        if self.out_dir is not None:
            # Processes count their own samples.
            rank = f'rank{get_rank()}_' if get_world_size() > 1 else ''
            save_token_sheet(
                self.out_dir / f'{rank}{number:06d}.png', [picture]
            )
        if self.show:
            runner.visualizer.show(picture, f'{number}', self.wait_time)


def _preprocess(runner: Runner, data: dict) -> Tuple[Tensor, List]:
    """Images and samples of a batch, as the model takes them."""
    if 'images' not in data:  # some loops have done it already
        model = unwrap_model(runner.model)
        data = model.data_preprocessor(data, training=False)
    images = data['images'] if 'images' in data else data['inputs']
    return images, data['data_samples']
