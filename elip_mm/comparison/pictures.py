# Copyright (c) elip_mm contributors. All rights reserved.
from pathlib import Path
from typing import List, Optional, Sequence

import numpy as np
from mmpretrain.structures import DataSample

from elip_mm.apis import token_states
from elip_mm.visualization import (
    draw_token_map,
    restore_images,
    save_token_sheet,
)

from .costs import build_model, load_batch
from .runs import Run


def draw_kept(
    runs: Sequence[Run], folder: Path, num_images: int = 6
) -> List[str]:
    """Draw what each reducing recipe kept and merged for which caption.

    Args:
        runs (Sequence[Run]): Finished runs; those that reduce nothing get no
            picture.
        folder (Path): Gets one picture a run.
        num_images (int): Images in each picture. Defaults to 6.

    Returns:
        list[str]: Names of the pictures.
    """
    names = []
    for run in runs:
        cfg = run.load_config()
        model = build_model(cfg, run.checkpoint).eval()
        batch = load_batch(cfg, model, num_images)
        states = token_states(model, batch.images, batch.samples)
        last = states[max(states)]
        if last.num_patch_tokens == last.num_patches:
            continue
        names.append(f'tokens_{run.name}.png')
        images = restore_images(batch.images, model.data_preprocessor)
        maps = [
            draw_token_map(image, states, sample.text, _boxes(sample), index)
            for index, (image, sample) in enumerate(zip(images, batch.samples))
        ]
        save_token_sheet(folder / names[-1], maps)
    return names


def _boxes(sample: DataSample) -> Optional[np.ndarray]:
    """Boxes of what the caption of a sample mentions, if it is known."""
    if 'boxes' not in sample:
        return None
    return np.asarray(sample.boxes)[np.asarray(sample.mentioned)]
