# Copyright (c) elip_mm contributors. All rights reserved.
"""Pictures of what trained models keep."""

from pathlib import Path
from typing import Tuple

from elip_mm.apis import draw_samples, init_model, token_states
from elip_mm.visualization import save_token_sheet

from .costs import load_batch
from .runs import Run


def draw_kept(run: Run, folder: Path, num_images: int = 6) -> Tuple[str, ...]:
    """Draw what a recipe kept and merged for which caption.

    Args:
        run (Run): A finished run.
        folder (Path): Gets the picture.
        num_images (int): Images in it. Defaults to 6.

    Returns:
        tuple[str]: Its name; empty if the recipe reduces nothing.
    """
    cfg = run.load_config()
    model = init_model(cfg, run.checkpoint)
    batch = load_batch(cfg, model, num_images)
    states = token_states(model, batch.images, batch.samples)
    last = states[max(states)]
    if last.num_patch_tokens == last.num_patches:
        return ()
    name = f'tokens_{run.name}.png'
    save_token_sheet(
        folder / name, draw_samples(model, batch.images, batch.samples)
    )
    return (name,)
