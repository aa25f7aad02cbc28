# Copyright (c) elip_mm contributors. All rights reserved.
"""Pieces of work that can be measured: a tower, or a whole step."""

from dataclasses import dataclass
from typing import Callable, Optional, Tuple, Union

import torch
from mmengine.config import Config
from torch import Tensor, nn

from elip_mm.models.backbones import PrunedViT
from elip_mm.structures import Hints

from .naive_elip import NaiveELIPViT
from .recipe_step import RecipeStep


@dataclass(frozen=True)
class Tower:
    """Sizes of a vision tower and its batch.

    Args:
        arch (str | dict): Architecture of mmpretrain's ``VisionTransformer``.
            Defaults to 'base'.
        img_size (int | tuple[int, int] | None): Side, or height and width,
            in pixels; None leaves a recipe its own. Defaults to 224.
        patch_size (int): Side of a patch in pixels. Defaults to 16.
        batch_size (int): Images. Defaults to 8.
    """

    arch: Union[str, dict] = 'base'
    img_size: Union[int, Tuple[int, int], None] = 224
    patch_size: int = 16
    batch_size: int = 8

    @property
    def sides(self) -> Tuple[int, int]:
        """tuple[int, int]: Height and width in pixels."""
        size = self.img_size
        if size is None:
            raise ValueError(
                'Tower: img_size is None, which leaves a recipe its own; give '
                'a side in pixels, or height and width.'
            )
        return (size, size) if isinstance(size, int) else (size[0], size[1])


@dataclass(frozen=True)
class Workload:
    """A piece of work that can be repeated: all that :func:`measure` takes.

    It does not say where images and words come from: those of
    :func:`make_recipe_workload` are made up, those of a study are real.

    Args:
        name (str): Name in tables.
        module (nn.Module): Whose parameters it uses.
        forward (Callable): Runs the forward pass and returns a scalar.
        train (bool): Whether a backward pass follows.
        images (int): Images of one repetition.
    """

    name: str
    module: nn.Module
    forward: Callable[[], Tensor]
    train: bool
    images: int

    def run(self) -> None:
        """Do the work once."""
        if not self.train:
            with torch.no_grad():
                self.forward()
            return
        self.module.zero_grad(set_to_none=True)
        self.forward().backward()


def make_workload(
    name: str,
    tower: Tower,
    reducer: Optional[dict] = None,
    train: bool = True,
    naive: bool = False,
    with_cp: bool = False,
    device: str = 'cpu',
) -> Workload:
    """Build a tower with random weights and images to run it on.

    Args:
        name (str): Name in tables.
        tower (Tower): Sizes.
        reducer (dict, optional): Config of the strategy. Defaults to None.
        train (bool): Forward and backward pass, or forward alone. Defaults
            to True.
        naive (bool): Use :class:`NaiveELIPViT`. Defaults to False.
        with_cp (bool): Activation checkpointing. Defaults to False.
        device (str): 'meta' suffices for exact counts. Defaults to 'cpu'.

    Returns:
        Workload: The same weights and images at every call.
    """
    torch.manual_seed(0)
    kind = NaiveELIPViT if naive else PrunedViT
    with torch.device(device):
        vit = kind(
            arch=tower.arch,
            img_size=tower.sides,
            patch_size=tower.patch_size,
            out_type='raw',
            reducer=reducer,
            with_cp=with_cp,
        ).train(train)
        images = torch.randn(tower.batch_size, 3, *tower.sides)
        hints = Hints(guidance=torch.randn(tower.batch_size, vit.embed_dims))

    def forward() -> Tensor:
        return vit.encode(images, hints).tokens.square().mean()

    return Workload(name, vit, forward, train, tower.batch_size)


def make_recipe_workload(
    name: str,
    cfg: Config,
    batch_size: int,
    train: bool = True,
    device: str = 'cpu',
) -> Workload:
    """Build the whole step of a recipe, without the optimiser.

    Text encoding, fusion, losses, look-ahead and a momentum encoder are
    part of it; images and words are made up.

    Args:
        name (str): Name in tables.
        cfg (Config): A recipe of this library.
        batch_size (int): Pairs.
        train (bool): Forward and backward pass of the losses, or the features
            of test time. Defaults to True.
        device (str): Where it runs. Defaults to 'cpu'.

    Returns:
        Workload: The same weights and data at every call.
    """
    step = RecipeStep(cfg, device)
    step.model.train(train)

    def forward() -> Tensor:
        if train:
            return step.loss(batch_size)
        values = step.features(batch_size).values()
        first, *others = (value.float().mean() for value in values)
        return sum(others, first)

    return Workload(name, step.model, forward, train, batch_size)
