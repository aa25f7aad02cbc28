# Copyright (c) elip_mm contributors. All rights reserved.
import hashlib
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import List, Sequence

from mmengine import Config

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Run:
    """One recipe of a comparison and where its results go.

    Args:
        name (str): Short name, unique in the comparison.
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
        return self.work_dir / 'metrics.json'

    @property
    def checkpoint(self) -> str:
        """str: The last checkpoint, even if the folder was moved."""
        name = (self.work_dir / 'last_checkpoint').read_text().strip()
        return str(self.work_dir / Path(name).name)

    def load_config(self) -> Config:
        """Read the recipe with its overrides."""
        cfg = Config.fromfile(self.config)
        pairs = (option.split('=', 1) for option in self.options)
        cfg.merge_from_dict({key: _literal(value) for key, value in pairs})
        return cfg

    def stamp(self) -> str:
        """Fingerprint of all that decides about the result of a run."""
        text = self.load_config().dump() + _sources()
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def train_and_test(run: Run) -> bool:
    """Bring a run to its end, from wherever an earlier call left it.

    A finished run of the same recipe and code is not repeated; an unfinished
    one resumes from its last checkpoint.

    Args:
        run (Run): The run.

    Returns:
        bool: Whether anything had to be done.
    """
    stamp_file = run.work_dir / 'stamp.json'
    stamp = run.stamp()
    seen = json.loads(stamp_file.read_text()) if stamp_file.exists() else {}
    if seen == dict(stamp=stamp, done=True) and run.metrics_file.exists():
        return False
    resume = ['--resume'] if seen.get('stamp') == stamp else []
    run.work_dir.mkdir(parents=True, exist_ok=True)
    stamp_file.write_text(json.dumps(dict(stamp=stamp, done=False)))
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
    stamp_file.write_text(json.dumps(dict(stamp=stamp, done=True)))
    return True


def _call(tool: str, *arguments: str) -> None:
    """Run one of the tools; its progress goes to the terminal."""
    command: List[str] = [sys.executable, str(ROOT / 'tools' / tool)]
    subprocess.run([*command, *arguments], check=True)


def _literal(text: str):
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


def _sources() -> str:
    """Fingerprint of the library's own code."""
    digest = hashlib.sha256()
    for path in sorted((ROOT / 'elip_mm').rglob('*.py')):
        digest.update(path.read_bytes())
    return digest.hexdigest()
