# Copyright (c) elip_mm contributors. All rights reserved.
"""Runs: a recipe with its overrides, brought to its end by the tools."""

import argparse
import hashlib
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence

import mmengine
import mmpretrain
import torch
from mmengine import Config
from mmengine.config import DictAction

import elip_mm
from elip_mm.checkpoint import read_last_checkpoint
from elip_mm.utils.resources import find_resource

from .code_digest import digest_code


@dataclass(frozen=True)
class Run:
    """One recipe of a study and where its files go.

    Args:
        name (str): Short name, unique in the study.
        config (Path): The recipe.
        work_dir (Path): Its own folder.
        options (tuple[str]): Overrides as ``--cfg-options`` takes them.
            Defaults to ().
    """

    name: str
    config: Path
    work_dir: Path
    options: Sequence[str] = ()

    @property
    def metrics_file(self) -> Path:
        """Path: What testing writes."""
        return self.work_dir / 'metrics.json'

    @property
    def checkpoint(self) -> str:
        """str: The last checkpoint, even if the folder was moved."""
        last = read_last_checkpoint(self.work_dir)
        if last is None:
            raise FileNotFoundError(
                f'{self.work_dir}/last_checkpoint names no checkpoint that is '
                'there; train this run again.'
            )
        return str(last)

    @property
    def done(self) -> bool:
        """bool: Whether it came to its end, as it is described now."""
        return self.is_done(self.stamp())

    def is_done(self, stamp: str) -> bool:
        """Whether it came to its end under a stamp."""
        noted = dict(stamp=stamp, done=True)
        return self.noted() == noted and self.metrics_file.exists()

    def noted(self) -> Dict[str, Any]:
        """What an earlier call left in the folder; empty if none did."""
        path = self.work_dir / 'stamp.json'
        return json.loads(path.read_text()) if path.exists() else {}

    def note(self, stamp: str, done: bool) -> None:
        """Leave a note of how far it came under a stamp."""
        self.work_dir.mkdir(parents=True, exist_ok=True)
        text = json.dumps(dict(stamp=stamp, done=done))
        (self.work_dir / 'stamp.json').write_text(text)

    def load_config(self) -> Config:
        """Read the recipe with its overrides, as the tools do."""
        cfg = Config.fromfile(self.config)
        if self.options:
            parser = argparse.ArgumentParser()
            parser.add_argument('--changes', nargs='+', action=DictAction)
            args = parser.parse_args(['--changes', *self.options])
            cfg.merge_from_dict(args.changes)
        return cfg

    def stamp(self) -> str:
        """Fingerprint of all that decides about the result of a run.

        Returns:
            str: Of the config, of versions, and of the code of this library
            that the config uses.
        """
        cfg = self.load_config()
        parts = [cfg.dump(), json.dumps(read_versions()), digest_code(cfg)]
        return hashlib.sha256('\n'.join(parts).encode()).hexdigest()[:16]


def train_and_test(run: Run) -> bool:
    """Bring a run to its end, from wherever an earlier call left it.

    A finished run of the same stamp is not repeated; an unfinished one
    resumes from its last checkpoint.

    Args:
        run (Run): The run.

    Returns:
        bool: Whether anything had to be done.
    """
    # Once, at the start: what changes meanwhile is not what was trained.
    stamp = run.stamp()
    if run.is_done(stamp):
        return False
    resume = ['--resume'] if run.noted().get('stamp') == stamp else []
    run.note(stamp, done=False)
    options = ['--cfg-options', *run.options] if run.options else []
    _call(
        'train.py',
        str(run.config),
        '--work-dir',
        str(run.work_dir),
        *resume,
        *options,
    )
    _call(
        'test.py',
        str(run.config),
        run.checkpoint,
        '--work-dir',
        str(run.work_dir / 'test'),
        '--out',
        str(run.metrics_file),
        *options,
    )
    run.note(stamp, done=True)
    return True


def read_versions() -> Dict[str, str]:
    """Versions of the libraries that decide about a result.

    Returns:
        dict[str, str]: By name.
    """
    modules = (elip_mm, torch, mmengine, mmpretrain)
    return {module.__name__: str(module.__version__) for module in modules}


def read_commit() -> Optional[str]:
    """The commit that this library was checked out at.

    Returns:
        str or None: Its hash, with ``-dirty`` if files differ from it; None
        if the library is installed, or git is not.
    """
    root = Path(elip_mm.__file__).resolve().parents[1]
    if not (root / '.git').exists():
        return None
    command = ['git', '-C', str(root), 'describe', '--always', '--dirty']
    try:
        done = subprocess.run(
            [*command, '--abbrev=40', '--exclude=*'],
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()


def _call(tool: str, *arguments: str) -> None:
    """Run one of the tools; its progress goes to the terminal."""
    command: List[str] = [sys.executable, str(find_resource(f'tools/{tool}'))]
    subprocess.run([*command, *arguments], check=True)
