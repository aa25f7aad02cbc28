# Copyright (c) elip_mm contributors. All rights reserved.
from pathlib import Path
from typing import Optional

from mmengine.dist import get_rank, get_world_size
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmengine.visualization import Visualizer

from elip_mm.apis import draw_samples
from elip_mm.registry import HOOKS
from elip_mm.utils.model_wrappers import unwrap_model
from elip_mm.visualization import save_token_sheet


@HOOKS.register_module()
class TokenPictureHook(Hook):
    """Draw test images with what their caption lets a model keep.

    The hook behind ``tools/test.py --show-dir``. The pictures show the
    reduction of the training loss, whether the test itself reduces or not.

    Args:
        enable (bool): Whether to draw at all. Defaults to False.
        interval (int): Every so-manieth sample is drawn. Defaults to 1.
        out_dir (str, optional): Folder of the pictures. Defaults to None:
            none are written.
        show (bool): Whether to show them in a window. Defaults to False.
        wait_time (float): Seconds for which a window stays. Defaults to 0,
            until a key is pressed.
    """

    priority = 'LOW'

    def __init__(
        self,
        enable: bool = False,
        interval: int = 1,
        out_dir: Optional[str] = None,
        show: bool = False,
        wait_time: float = 0.0,
    ) -> None:
        if interval < 1:
            raise ValueError(
                f'TokenPictureHook: interval must be at least 1, but got '
                f'{interval}.'
            )
        self.enable = enable
        self.interval = interval
        self.out_dir = out_dir and Path(out_dir)
        self.show = show
        self.wait_time = wait_time
        self._seen = 0

    def before_test_epoch(self, runner: Runner) -> None:
        """Begin to count."""
        self._seen = 0

    def after_test_iter(
        self, runner: Runner, batch_idx: int, data_batch=None, outputs=None
    ) -> None:
        """Draw the samples of a batch whose turn it is."""
        if not self.enable:
            return
        data = data_batch
        if 'images' not in data:  # loops that leave it to the model
            model = runner.model
            model = unwrap_model(model)
            data = model.data_preprocessor(data_batch, training=False)
        images, samples = data['images'], data['data_samples']
        first, self._seen = self._seen, self._seen + len(images)
        due = [
            place
            for place in range(len(images))
            if (first + place) % self.interval == 0
        ]
        if not due:
            return
        pictures = draw_samples(
            runner.model, images[due], [samples[place] for place in due]
        )
        for place, picture in zip(due, pictures):
            self._put(picture, first + place, runner.visualizer)

    def _put(self, picture, number: int, visualizer: Visualizer) -> None:
        if self.out_dir is not None:
            # Processes count their own samples.
            rank = f'rank{get_rank()}_' if get_world_size() > 1 else ''
            save_token_sheet(
                self.out_dir / f'{rank}{number:06d}.png', [picture]
            )
        if self.show:
            visualizer.show(picture, f'{number}', self.wait_time)
