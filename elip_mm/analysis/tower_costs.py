# Copyright (c) elip_mm contributors. All rights reserved.
"""Arithmetic of the vision tower that a config describes, stage by stage."""

from dataclasses import dataclass, replace
from typing import Dict, Iterator, List, Optional, Tuple

import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope
from torch import Tensor

from elip_mm.models.backbones import PrunedViT
from elip_mm.registry import MODELS
from elip_mm.structures import Hints
from elip_mm.utils.type_names import type_name

from .counters import count_flops
from .layer_watch import MAIN, LayerCall, LayerWatch

_TOWERS = ('VisionTransformer', 'PrunedViT')


@dataclass(frozen=True)
class StageCosts:
    """Consecutive layers that work on equally many tokens, for one image.

    Args:
        layers (tuple[int]): Their indices.
        tokens (int): Tokens that enter each of them, prefix included.
        forward (int): FLOPs of their own work, two for a multiply-add.
        look_ahead (int): FLOPs of the look-ahead that comes before them.
        trained (bool): Whether a backward pass follows. Defaults to True.
    """

    layers: Tuple[int, ...]
    tokens: int
    forward: int
    look_ahead: int
    trained: bool = True

    @property
    def all_forward(self) -> int:
        """int: Forward pass, look-ahead included."""
        return self.forward + self.look_ahead

    @property
    def all_training(self) -> int:
        """int: Of a training step, look-ahead included."""
        return (3 if self.trained else 1) * self.forward + self.look_ahead


@dataclass(frozen=True)
class TowerCosts:
    """Costs of a vision tower for one image.

    Args:
        stages (tuple[StageCosts]): In order.
        left (tuple[int]): Tokens with which each layer is left.
        embedding (int): FLOPs of the patch embedding, forward.
        trained (bool): False for a frozen tower, which has no backward pass.
            Defaults to True.
    """

    stages: Tuple[StageCosts, ...]
    left: Tuple[int, ...]
    embedding: int
    trained: bool = True

    @property
    def forward(self) -> int:
        """int: FLOPs of a forward pass, look-ahead included."""
        return self.embedding + sum(s.all_forward for s in self.stages)

    @property
    def training_embedding(self) -> int:
        """int: FLOPs of the patch embedding in a training step."""
        # No gradient is computed for pixels.
        return (2 if self.trained else 1) * self.embedding

    @property
    def training(self) -> int:
        """int: FLOPs of a training step."""
        return self.training_embedding + sum(
            stage.all_training for stage in self.stages
        )

    @property
    def look_ahead(self) -> int:
        """int: FLOPs of the look-ahead alone."""
        return sum(stage.look_ahead for stage in self.stages)

    @property
    def entered(self) -> Tuple[int, ...]:
        """tuple[int]: Tokens that enter each layer."""
        return tuple(s.tokens for s in self.stages for _ in s.layers)


def find_tower_configs(cfg: Config) -> Dict[str, dict]:
    """Find the vision towers of a config.

    Args:
        cfg (Config): Any config with a ``model``. If it has an
            ``ELIPPruningHook``, plain towers get that reducer.

    Returns:
        dict[str, dict]: Path in the config to the config of the tower.
    """
    found = dict(_search(cfg.model, 'model'))
    if not found:
        raise ValueError(
            f'the model of this config, {cfg.model.get("type")}, has neither '
            'a PrunedViT nor a VisionTransformer of mmpretrain in it; other '
            'architectures cannot be counted.'
        )
    for hook in cfg.get('custom_hooks') or []:
        if type_name(hook.get('type')) == 'ELIPPruningHook':
            for tower in found.values():
                tower.setdefault('reducer', hook['reducer'])
    return found


def is_frozen(cfg: Config, path: str) -> bool:
    """Whether a recipe leaves a tower untrained.

    Args:
        cfg (Config): The recipe.
        path (str): Path of the tower in it, see :func:`find_tower_configs`.

    Returns:
        bool: True if ``frozen`` of the model names the tower's part.
    """
    part = path.split('.')[1:2]
    return bool(set(part) & set(cfg.model.get('frozen', ())))


def count_tower(
    tower: dict,
    shape: Optional[Tuple[int, int]] = None,
    reduce: bool = True,
    scope: str = 'elip_mm',
    trained: bool = True,
) -> TowerCosts:
    """Count what one image costs, without any data or memory.

    Args:
        tower (dict): Config of a ``PrunedViT`` or ``VisionTransformer``.
        shape (tuple[int, int], optional): Height and width of the image.
            Defaults to None, that of the config.
        reduce (bool): Whether to reduce. Defaults to True.
        scope (str): Default scope of the config. Defaults to 'elip_mm'.
        trained (bool): False for a tower without a backward pass, see
            :func:`is_frozen`. Defaults to True.

    Returns:
        TowerCosts: The counts.
    """
    vit = _build(tower, scope)
    images = _make_images(vit, shape)
    run = _prepare(vit, images, reduce)
    with LayerWatch(vit) as calls:
        run()
    with torch.no_grad():
        embedding = count_flops(lambda: vit.embed(images))
    main = [call for call in calls if call.kind == MAIN]
    return TowerCosts(
        stages=tuple(
            replace(stage, trained=trained) for stage in _group(calls)
        ),
        left=tuple(call.left for call in main),
        embedding=embedding,
        trained=trained,
    )


def _search(node, path: str) -> Iterator[Tuple[str, dict]]:
    if isinstance(node, dict):
        if type_name(node.get('type')) in _TOWERS:
            yield path, dict(node)
            return
        for key, value in node.items():
            yield from _search(value, f'{path}.{key}')
    elif isinstance(node, (list, tuple)):
        for key, value in enumerate(node):
            yield from _search(value, f'{path}.{key}')


def _build(tower: dict, scope: str) -> PrunedViT:
    # The parent's class takes no reducer; ours is the same without one.
    tower = dict(tower, type='elip_mm.PrunedViT')
    tower.pop('init_cfg', None)
    with DefaultScope.overwrite_default_scope(scope):
        return MODELS.build(tower).to('meta')


def _make_images(vit: PrunedViT, shape: Optional[Tuple[int, int]]) -> Tensor:
    height, width = shape or vit.img_size
    patch = vit.patch_embed.projection.stride
    if height % patch[0] or width % patch[1]:
        raise ValueError(
            f'an image of {height} x {width} pixels cannot be cut into '
            f'patches of {patch[0]} x {patch[1]}; choose multiples of these.'
        )
    return torch.empty(1, 3, height, width, device='meta')


def _prepare(vit: PrunedViT, images: Tensor, reduce: bool):
    """A call of the tower with whatever its reducer wants to look at."""
    guidance = torch.empty(1, vit.embed_dims, device='meta')
    scores = None
    if 'scores' in vit.reducer.needs:
        with torch.no_grad():
            scores = vit.embed(images).owner.float()
    hints = Hints(guidance=guidance, scores=scores)
    return lambda: vit.encode(images, hints, reduce)


def _group(calls: List[LayerCall]) -> Iterator[StageCosts]:
    """Join layers of one length; a look-ahead belongs to what follows it."""
    layers: List[int] = []
    tokens, forward, ahead, next_ahead = 0, 0, 0, 0
    for call in calls:
        if call.kind != MAIN:
            next_ahead += call.flops
            continue
        if layers and (call.entered != tokens or next_ahead):
            yield StageCosts(tuple(layers), tokens, forward, ahead)
            layers, forward = [], 0
        if not layers:
            tokens, ahead = call.entered, next_ahead
            next_ahead = 0
        layers.append(call.layer)
        forward += call.flops
    yield StageCosts(tuple(layers), tokens, forward, ahead)
