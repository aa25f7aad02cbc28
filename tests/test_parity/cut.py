# Copyright (c) elip_mm contributors. All rights reserved.
"""Make the parity files of ``tests/data/parity`` from the full ones.

    python -m tests.test_parity.cut FOLDER

To keep the repository small, a few large gradients are left out of the files
of ALBEF and CLIP; of METER's tower, whose second half does nothing that the
others do not, there are the first layers, what they decide, and one image.
"""

import json
import re
import sys
from pathlib import Path

import numpy as np

TARGET = Path(__file__).parents[1] / 'data/parity'
LEFT_OUT = {
    'albef_vit.npz': ('grad.blocks.11.mlp.fc2.weight',),
    'open_clip_elip.npz': (
        'grad.visual.conv1.weight',
        'grad.visual.positional_embedding',
    ),
}


def cut_layers(arrays: dict, num_layers: int) -> dict:
    """Take the first layers of a METER tower and the stage they hold.

    Args:
        arrays (dict): Content of the full file.
        num_layers (int): Layers to take; the first stage's look-ahead must
            end with the last of them, of which it only needs the attention.

    Returns:
        dict: A smaller file with ``meta['cut_layers']``.
    """
    meta = json.loads(str(arrays['meta']))
    meta['cut_layers'] = meta['num_blocks'] = num_layers
    for key in (
        'begin_layers',
        'num_probe_layers',
        'keep_ratios',
        'num_keep_tokens',
    ):
        meta[key] = meta[key][:1]
    kept = {'meta': np.array(json.dumps(meta))}
    for name, value in arrays.items():
        if name.startswith('state.'):
            layer = re.search(r'resblocks\.(\d+)\.', name)
            index = int(layer.group(1)) if layer else 0
            if index < num_layers:
                unused = index == num_layers - 1 and 'mlp' in name
                kept[name] = np.zeros_like(value) if unused else value
        elif name in ('in.image', 'in.text_cls') or re.fullmatch(
            r'out\.(keep|score)\.0', name
        ):
            kept[name] = value[:1]
    return kept


def main() -> None:
    """Write all files anew."""
    source = Path(sys.argv[1])
    TARGET.mkdir(parents=True, exist_ok=True)
    for name in (*LEFT_OUT, 'meter_vit.npz'):
        with np.load(source / name, allow_pickle=False) as file:
            arrays = {key: file[key] for key in file.files}
        if name in LEFT_OUT:
            arrays = {
                key: value
                for key, value in arrays.items()
                if key not in LEFT_OUT[name]
            }
        else:
            arrays = cut_layers(arrays, 4)
        np.savez_compressed(TARGET / name, **arrays)


if __name__ == '__main__':
    main()
