# Copyright (c) elip_mm contributors. All rights reserved.
"""The first losses of the tiny ELIP recipes, as small assets.

    python -m tests.support.golden_losses           compare with the assets
    python -m tests.support.golden_losses --record  write them anew

Record them only in a commit that means to change what is computed, and say so
there. Sums of floating-point numbers depend on the processor and on the
version of torch, so the assets name both; where they agree, losses have to
agree to the last bit, elsewhere to a tolerance that grows as runs diverge.
"""

import argparse
import json
import platform
import tempfile
from pathlib import Path
from typing import Dict, List

import torch
from mmengine.config import Config
from mmengine.hooks import Hook

ROOT = Path(__file__).resolve().parents[2]
ASSETS = ROOT / 'tests' / 'data' / 'golden_losses'
FAMILIES = ('albef', 'blip', 'clip', 'meter', 'siglip')
NUM_STEPS = 50


def machine() -> Dict[str, str]:
    """All that bits of a sum on a CPU may depend on."""
    model = platform.processor()
    cpuinfo = Path('/proc/cpuinfo')
    if cpuinfo.is_file():
        lines = cpuinfo.read_text().splitlines()
        found = [x.split(':')[1].strip() for x in lines if 'model name' in x]
        model = found[0] if found else model
    return dict(
        torch=torch.__version__,
        processor=model,
        capability=torch.backends.cpu.get_cpu_capability(),
    )


def recipe_of(family: str, tower: str = 'tiny-from-noise') -> Path:
    """The tiny ELIP recipe of a family.

    Losses are recorded from noise: weights that are trained anew one day must
    not move them.
    """
    (path,) = (ROOT / 'configs' / family).glob(f'{family}_{tower}_elip_*.py')
    return path


class _Recorder(Hook):
    def __init__(self, num_steps: int) -> None:
        self.losses: List[float] = []
        self.num_steps = num_steps

    def after_train_iter(
        self, runner, batch_idx, data_batch=None, outputs=None
    ) -> None:
        self.losses.append(outputs['loss'].item())
        # The schedule is the recipe's: only the end comes early.
        runner.train_loop.stop_training = len(self.losses) == self.num_steps


def first_losses(recipe: Path, num_steps: int = NUM_STEPS) -> List[float]:
    """Train a tiny recipe for some steps on one thread, at seed 0.

    Args:
        recipe (Path): The recipe.
        num_steps (int): Steps. Defaults to 50.

    Returns:
        list[float]: The sum of the losses of each step.
    """
    from elip_mm.launch import build_runner

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    cfg = Config.fromfile(recipe)
    cfg.launcher, cfg.log_level = 'none', 'ERROR'
    cfg.val_cfg = cfg.val_dataloader = cfg.val_evaluator = None
    cfg.test_cfg = cfg.test_dataloader = cfg.test_evaluator = None
    cfg.default_hooks.checkpoint = None
    cfg.default_hooks.logger = None
    recorder = _Recorder(num_steps)
    try:
        with tempfile.TemporaryDirectory() as folder:
            cfg.work_dir = folder
            cfg.experiment_name = f'golden-{recipe.stem}-{Path(folder).name}'
            runner = build_runner(cfg)
            runner.register_hook(recorder)
            runner.train()
    finally:
        torch.set_num_threads(threads)
    return recorder.losses


def read(family: str) -> dict:
    """The asset of a family."""
    return json.loads((ASSETS / f'{family}.json').read_text())


def record(family: str) -> None:
    """Write the asset of a family."""
    ASSETS.mkdir(parents=True, exist_ok=True)
    found = dict(machine=machine(), losses=first_losses(recipe_of(family)))
    path = ASSETS / f'{family}.json'
    path.write_text(json.dumps(found, indent=1) + '\n')


def differences(asset: dict, losses: List[float]) -> List[str]:
    """Say where losses differ from an asset; empty if they agree.

    Args:
        asset (dict): Machine and losses that were recorded.
        losses (list[float]): What this machine got, from the first step on.

    Returns:
        list[str]: One line for each step that differs.
    """
    same = asset['machine'] == machine()
    lines = []
    for step, (then, now) in enumerate(zip(asset['losses'], losses)):
        # Roundings grow about tenfold in twenty steps of the tiny recipes.
        limit = 0.0 if same else 1e-4 * 10 ** (step / 20) * abs(then)
        if not abs(then - now) <= limit:
            lines.append(f'step {step}: {then!r} then, {now!r} now')
    return lines


def main() -> None:
    """Compare or record."""
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--record', action='store_true')
    parser.add_argument('families', nargs='*', default=FAMILIES)
    args = parser.parse_args()
    for family in args.families:
        if args.record:
            record(family)
            print(f'{family}: recorded')
            continue
        asset = read(family)
        lines = differences(asset, first_losses(recipe_of(family)))
        exact = 'bit for bit' if asset['machine'] == machine() else 'closely'
        print(f'{family}: {exact}, {len(lines)} of {NUM_STEPS} steps differ')
        print('\n'.join(lines[:3]))


if __name__ == '__main__':
    main()
