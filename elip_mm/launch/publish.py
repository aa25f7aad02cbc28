# Copyright (c) elip_mm contributors. All rights reserved.
"""From a finished run to weights that are published.

python tools/model_converters/publish_model.py WORK_DIR OUT [--metrics M]
"""

import argparse
import hashlib
import json
import os
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence

from mmengine.config import Config
from safetensors.torch import save_file

from elip_mm.checkpoint import load_checkpoint_file
from elip_mm.study.runs import read_commit, read_versions

from .user_errors import short_errors

__all__ = ['publish_run']

WEIGHTS = 'model.safetensors'


def publish_run(
    work_dir: Path,
    out: Path,
    recipe: str,
    about: str,
    metrics: Optional[Dict[str, float]] = None,
) -> str:
    """Write the weights of a run with all that tells where they come from.

    ``out`` then has ``model.safetensors``, the complete recipe, what the run
    logged (``train_log.jsonl``), for a BERT the ``config.json`` that
    transformers reads, and a model card.

    Args:
        work_dir (Path): Folder of a finished run.
        out (Path): Folder to write; its name is that of the weights.
        recipe (str): Path of the recipe in the repository.
        about (str): What the weights are for, a sentence or two.
        metrics (dict[str, float], optional): What testing said. Defaults to
            None.

    Returns:
        str: SHA-256 of the weights.
    """
    last = Path((work_dir / 'last_checkpoint').read_text().strip()).name
    checkpoint = load_checkpoint_file(str(work_dir / last))
    state = {
        key: value.detach().cpu().contiguous().clone()
        for key, value in checkpoint['state_dict'].items()
    }
    out.mkdir(parents=True, exist_ok=True)
    save_file(state, str(out / WEIGHTS), metadata=dict(format='pt'))
    (out / WEIGHTS).chmod(0o644)  # safetensors keeps its files to itself
    digest = hashlib.sha256((out / WEIGHTS).read_bytes()).hexdigest()
    cfg = Config.fromfile(work_dir / f'{Path(recipe).stem}.py')
    # Where this machine kept the run is nobody's business.
    cfg.pop('work_dir', None)
    cfg.load_from, cfg.resume = None, False
    (out / 'recipe.txt').write_text(cfg.pretty_text)
    log = read_log(work_dir)
    (out / 'train_log.jsonl').write_text(
        ''.join(json.dumps(entry) + '\n' for entry in log)
    )
    model_config = cfg.model.get('config')
    if model_config is not None:
        sizes = dict(model_config, architectures=['BertForMaskedLM'])
        words = state['bert.embeddings.word_embeddings.weight']
        sizes['vocab_size'] = len(words)
        (out / 'config.json').write_text(json.dumps(sizes, indent=2) + '\n')
    facts = dict(
        weights=sum(value.numel() for value in state.values()),
        digest=digest,
        recipe=recipe,
        commit=read_commit() or 'unknown',
        versions=read_versions(),
        log=log,
        metrics=metrics or {},
    )
    (out / 'README.md').write_text(write_card(out.name, about, facts))
    return digest


def read_log(work_dir: Path) -> List[Dict[str, Any]]:
    """What a run logged, in order of its steps, resumed runs included.

    Args:
        work_dir (Path): Its folder.

    Returns:
        list[dict]: One entry for each step that was logged; of one that was
        repeated after a restart, the last.
    """
    entries: Dict[int, Dict[str, Any]] = {}
    for path in sorted(work_dir.glob('*/vis_data/scalars.json')):
        for line in path.read_text().splitlines():
            entry = json.loads(line)
            if 'loss' in entry:
                # Seconds tell of the machine, not of the weights.
                entry = {
                    key: value
                    for key, value in entry.items()
                    if key not in ('time', 'data_time', 'lr', 'iter')
                }
                entries[entry['step']] = entry
    return [entries[step] for step in sorted(entries)]


def write_card(name: str, about: str, facts: Dict[str, Any]) -> str:
    """Write a model card.

    Args:
        name (str): Name of the weights.
        about (str): What they are for.
        facts (dict): What :func:`publish_run` knows about them.

    Returns:
        str: Markdown.
    """
    last = facts['log'][-1]
    losses = [
        f'| {key} | {facts["log"][0][key]:.3f} | {value:.3f} |'
        for key, value in last.items()
        if 'loss' in key or 'acc' in key
    ]
    versions = ', '.join(f'{k} {v}' for k, v in facts['versions'].items())
    lines = [
        f'# {name}',
        '',
        about,
        '',
        '| | |',
        '| :-- | :-- |',
        f'| recipe | `{facts["recipe"]}`, in full in `recipe.txt` |',
        f'| commit | `{facts["commit"]}` |',
        f'| versions | {versions} |',
        f'| numbers | {facts["weights"]} |',
        f'| SHA-256 of `{WEIGHTS}` | `{facts["digest"]}` |',
        '',
        'Trained on scenes that this library draws (`SyntheticScenes`), on a '
        'CPU; nothing else was looked at. Licence: that of the library. They '
        'know these scenes and are of no use on photographs.',
        '',
        f'From the first to the last logged step ({facts["log"][0]["step"]} '
        f'and {last["step"]}):',
        '',
        '| | first | last |',
        '| :-- | --: | --: |',
        *losses,
    ]
    if facts['metrics']:
        lines += ['', 'On the test split:', '', '| | |', '| :-- | --: |']
        lines += [f'| {k} | {v:.2f} |' for k, v in facts['metrics'].items()]
    return '\n'.join(lines) + '\n'


def main(argv: Optional[Sequence[str]] = None) -> None:
    """Read the command line and publish."""
    parser = argparse.ArgumentParser(
        description=(__doc__ or '').split('\n')[0]
    )
    parser.add_argument('work_dir', type=Path, help='folder of the run')
    parser.add_argument('out', type=Path, help='folder to write')
    parser.add_argument('--recipe', required=True)
    parser.add_argument('--about', required=True, help='what they are for')
    parser.add_argument('--metrics', type=Path, help='json of tools/test.py')
    parser.add_argument('--traceback', action='store_true')
    args = parser.parse_args(argv)
    with short_errors(args.traceback):
        metrics = None
        if args.metrics:
            metrics = json.loads(args.metrics.read_text())
        digest = publish_run(
            args.work_dir, args.out, args.recipe, args.about, metrics
        )
    size = os.path.getsize(args.out / WEIGHTS)
    print(f'{args.out / WEIGHTS}: {size} bytes, SHA-256 {digest}')
