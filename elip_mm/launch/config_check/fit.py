# Copyright (c) elip_mm contributors. All rights reserved.
"""Values that make sense alone, but not beside others."""

from typing import Any, Iterator, Mapping, Optional, Tuple

from mmengine.config import Config

from elip_mm.utils.type_names import type_name

from .findings import Path, Report
from .parts import find_type
from .sense import dicts_in, is_whole
from .signatures import accepted_arguments
from .towers import is_tower

__all__ = ['check_fit']

Size = Tuple[int, int]

_LOADERS = ('train_dataloader', 'val_dataloader', 'test_dataloader')
# Steps of a pipeline that decide about the size of an image, and the argument
# that says so. Others that change it make it unknown.
_SIZED = dict(
    CenterCrop='crop_size',
    EfficientNetCenterCrop='crop_size',
    EfficientNetRandomCrop='scale',
    RandomCrop='crop_size',
    RandomResizedCrop='scale',
    Resize='scale',
)
_UNSIZED = ('LoadImageFromFile', 'ResizeEdge', 'Pad', 'RandomResize')


def check_fit(cfg: Config, report: Report) -> None:
    """Note values that contradict each other.

    Args:
        cfg (Config): The config.
        report (Report): Gets what is wrong.
    """
    _check_validation(cfg.get('train_cfg'), report)
    for path, part in dicts_in(cfg.get('model'), ('model',)):
        _check_heads(part, path, report)
    _check_necks(cfg.get('model'), report)
    towers = list(_towers(cfg))
    for path, tower, _ in towers:
        _check_patches(tower, path, report)
    if len(towers) == 1:
        _, tower, target = towers[0]
        for name in _LOADERS:
            _check_images(cfg.get(name), (name,), tower, target, report)


def _check_validation(loop: Any, report: Report) -> None:
    if not isinstance(loop, Mapping):
        return
    begin: Any = loop.get('val_begin')
    end: Any = loop.get('max_epochs') or loop.get('max_iters')
    if is_whole(begin) and is_whole(end) and begin > end > 0:
        report.add(
            ('train_cfg', 'val_begin'),
            f'comes after the end of training at {end}, so nothing would be '
            f'validated; got {begin}.',
        )


def _check_heads(part: Mapping, path: Path, report: Report) -> None:
    width: Any = part.get('embed_dims')
    heads: Any = part.get('num_heads')
    if is_whole(width) and is_whole(heads) and heads > 0 and width % heads:
        report.add(
            (*path, 'num_heads'),
            f'must divide embed_dims={width}, but got {heads}.',
        )


def _check_necks(model: Any, report: Report) -> None:
    """Features of images and of texts are compared, so have one width."""
    if not isinstance(model, Mapping):
        return
    necks = [model.get('vision_neck'), model.get('text_neck')]
    image, text = (
        neck.get('out_channels') if isinstance(neck, Mapping) else None
        for neck in necks
    )
    if None not in (image, text) and image != text:
        report.add(
            ('model', 'text_neck', 'out_channels'),
            f'must be that of model.vision_neck, {image}, for features of '
            f'images and texts are compared; got {text}.',
        )


def _towers(cfg: Config) -> Iterator[Tuple[Path, Mapping, Any]]:
    """The parts of a model that are vision transformers, and what kind."""
    for path, part in dicts_in(cfg.get('model'), ('model',)):
        if 'type' in part:
            target, _ = find_type(part, 'MODELS')
            if is_tower(target):
                yield path, part, target


def _check_patches(tower: Mapping, path: Path, report: Report) -> None:
    image, patch = _image_size(tower), _pair(tower.get('patch_size', 16))
    if image is None or patch is None:
        return
    if any(side % step for side, step in zip(image, patch)):
        report.add(
            (*path, 'patch_size'),
            f'must divide img_size={_show(image)}, or the border would be '
            f'padded or lost; got {_show(patch)}.',
        )


def _check_images(
    loader: Any, path: Path, tower: Mapping, target: Any, report: Report
) -> None:
    """The data must bring images of the size that the tower is made for.

    Any ViT resizes its position embedding to whole patches; the schedule of a
    reducer and the figures of costs hold for one size.
    """
    size, patch = _image_size(tower), _pair(tower.get('patch_size', 16))
    if size is None or patch is None:
        return
    for where, part in dicts_in(loader, path):
        if type_name(part.get('type')) == 'SyntheticScenes':
            key, made = 'image_size', _pair(part.get('image_size', 64))
        else:
            key, made = _size_made(part.get('pipeline'))
        if made is None or made == size:
            continue
        whole = not any(side % step for side, step in zip(made, patch))
        reduces = 'reducer' in accepted_arguments(target).defaults
        if reduces or not whole:
            report.add(
                (*where, *key.split('.')),
                f'gives images of {_show(made)}, but the tower is made for '
                f'img_size={_show(size)}; make the two equal.',
            )


def _size_made(pipeline: Any) -> Tuple[str, Optional[Size]]:
    """What decides about the size of images, and the size if it is known."""
    found: Tuple[str, Optional[Size]] = ('pipeline', None)
    steps = pipeline if isinstance(pipeline, (list, tuple)) else ()
    for index, step in enumerate(steps):
        name = type_name(step.get('type')) if isinstance(step, Mapping) else ''
        if name in _UNSIZED:
            found = ('pipeline', None)
        elif name in _SIZED:
            key = _SIZED[name]
            exact = not (name == 'Resize' and step.get('keep_ratio'))
            size = _pair(step.get(key)) if exact else None
            found = (f'pipeline.{index}.{key}', size)
    return found


def _image_size(tower: Mapping) -> Optional[Size]:
    return _pair(tower.get('img_size', 224))


def _pair(value: Any) -> Optional[Size]:
    """Two sides from a config; None if it does not say both."""
    sides = value if isinstance(value, (list, tuple)) else (value, value)
    if len(sides) == 2 and all(is_whole(s) and s > 0 for s in sides):
        return sides[0], sides[1]
    return None


def _show(size: Size) -> str:
    return f'{size[0]}' if size[0] == size[1] else f'{size[0]}x{size[1]}'
