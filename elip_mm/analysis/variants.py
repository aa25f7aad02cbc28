# Copyright (c) elip_mm contributors. All rights reserved.
"""Ways to run a tower or a recipe, as a command line names them."""

import copy
from dataclasses import dataclass
from pathlib import Path
from typing import List, Optional, Sequence

from mmengine import Config

from elip_mm.utils.resources import find_resource

from .workload import Tower, Workload, make_recipe_workload, make_workload

REDUCERS = 'configs/_base_/reducers'


@dataclass(frozen=True)
class Variant:
    """A way to run a tower, or a whole recipe.

    Args:
        name (str): Name in tables.
        reducer (dict, optional): Config of the strategy of a tower. Defaults
            to None.
        naive (bool): Whether :class:`NaiveELIPViT` runs it. Defaults to
            False.
        recipe (Config, optional): The recipe, of which the whole step is run.
            Defaults to None: a tower.
    """

    name: str
    reducer: Optional[dict] = None
    naive: bool = False
    recipe: Optional[Config] = None


def find_config(text: str) -> Path:
    """Find a config by its path: a file, or one that ships with the library.

    Args:
        text (str): Path from the current folder, or in the repository, such
            as ``configs/clip/....py``.

    Returns:
        Path: The file.

    Raises:
        FileNotFoundError: If it is neither.
    """
    if Path(text).is_file():
        return Path(text)
    try:
        return find_resource(text)
    except FileNotFoundError:
        raise FileNotFoundError(
            f'there is no config {text}, neither in {Path.cwd()} nor among '
            'those that ship with elip_mm; check the path.'
        ) from None


def find_variant(text: str) -> Variant:
    """Read a variant from a command line.

    Args:
        text (str): ``dense``, ``naive`` (ELIP as research code does it),
            the stem of a file in ``configs/_base_/reducers``, or the path of
            a config that defines ``reducer`` or, for a whole recipe,
            ``model``; ``name=path`` gives it another name than its stem.

    Returns:
        Variant: The variant.
    """
    name, _, path = text.partition('=')
    if text == 'dense':
        return Variant(text)
    if text == 'naive':
        cfg = Config.fromfile(find_resource(f'{REDUCERS}/elip_vit-12layer.py'))
        return Variant(text, cfg.reducer.to_dict(), naive=True)
    if not path and name.endswith('.py'):
        name, path = Path(name).stem, name
    file = find_config(path) if path else _find_reducer(name)
    cfg = Config.fromfile(file)
    if 'model' in cfg:
        return Variant(name, recipe=cfg)
    if 'reducer' not in cfg:
        raise ValueError(f'{file} defines neither `reducer` nor `model`.')
    return Variant(name, cfg.reducer.to_dict())


def _find_reducer(name: str) -> Path:
    folder = find_resource(REDUCERS)
    path = folder / f'{name}.py'
    if not path.is_file():
        known = ', '.join(sorted(file.stem for file in folder.glob('*.py')))
        raise ValueError(
            f'there is no reducer {name}; give PATH or NAME=PATH of a config, '
            f'or one of dense, naive, {known}.'
        )
    return path


def find_variants(texts: Sequence[str]) -> List[Variant]:
    """Read variants that are to be compared, see :func:`find_variant`.

    Args:
        texts (Sequence[str]): What the command line says of each.

    Returns:
        list[Variant]: Either towers or whole recipes, names are unique.
    """
    variants = [find_variant(text) for text in texts]
    names = [variant.name for variant in variants]
    if len(set(names)) < len(names):
        raise ValueError(
            f'variants need different names, but got {names}; name them with '
            'NAME=PATH.'
        )
    if len({variant.recipe is None for variant in variants}) > 1:
        towers = [v.name for v in variants if v.recipe is None]
        raise ValueError(
            f'{towers} are vision towers and the others whole recipes, which '
            'cannot be compared; for a recipe as it is give one without a '
            'reducer.'
        )
    return variants


def scale_keep(reducer: Optional[dict], keep_ratio: float) -> Optional[dict]:
    """Let the last stage of an ELIP config keep another share.

    What the earlier stages remove is scaled in proportion.

    Args:
        reducer (dict, optional): Config of an :class:`ELIPReducer`; others
            are returned as they are.
        keep_ratio (float): Share of the initial tokens after the last stage.

    Returns:
        dict or None: The new config.
    """
    if reducer is None or 'stages' not in reducer:
        return reducer
    factor = (1 - keep_ratio) / (1 - reducer['stages'][-1]['keep_ratio'])
    stages = [
        dict(
            stage, keep_ratio=max(1 - factor * (1 - stage['keep_ratio']), 0.01)
        )
        for stage in reducer['stages']
    ]
    return dict(reducer, stages=stages)


def make_workload_of(
    variant: Variant,
    tower: Tower,
    keep_ratio: Optional[float] = None,
    train: bool = True,
    with_cp: bool = False,
    device: str = 'cpu',
) -> Workload:
    """Build what a variant runs.

    Args:
        variant (Variant): A tower or a recipe.
        tower (Tower): Sizes. A recipe takes the batch from it and, unless it
            is None, the image size.
        keep_ratio (float, optional): Share that the last stage keeps.
            Defaults to None: as the config says.
        train (bool): Whether to train or to infer. Defaults to True.
        with_cp (bool): Whether activations of the vision tower are
            recomputed. Defaults to False.
        device (str): Where to run. Defaults to 'cpu'.

    Returns:
        Workload: Its name is that of the variant.
    """
    if variant.recipe is None:
        reducer = variant.reducer
        if keep_ratio is not None:
            reducer = scale_keep(reducer, keep_ratio)
        return make_workload(
            variant.name,
            tower,
            reducer,
            train=train,
            naive=variant.naive,
            with_cp=with_cp,
            device=device,
        )
    cfg = copy.deepcopy(variant.recipe)
    backbone = cfg.model.vision_backbone
    if tower.img_size is not None:
        backbone.img_size = tower.sides
    if with_cp:
        backbone.with_cp = True
    if keep_ratio is not None and backbone.get('reducer'):
        backbone.reducer = scale_keep(backbone.reducer.to_dict(), keep_ratio)
    return make_recipe_workload(
        variant.name, cfg, tower.batch_size, train, device
    )
