# Copyright (c) elip_mm contributors. All rights reserved.
from pathlib import Path
from typing import List, Sequence

from elip_mm.apis import draw_samples, token_states
from elip_mm.visualization import save_token_sheet

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
        pictures = draw_samples(model, batch.images, batch.samples)
        save_token_sheet(folder / names[-1], pictures)
    return names
