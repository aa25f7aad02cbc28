# Copyright (c) elip_mm contributors. All rights reserved.
from dataclasses import dataclass
from typing import Callable, List, Optional, Tuple, Union

import torch
from torch import Tensor, nn

from elip_mm.models.backbones import PrunedViT

from .research_style import ResearchStyleViT


@dataclass(frozen=True)
class Tower:
    """Sizes of a vision tower and its batch.

    Args:
        arch (str | dict): Architecture of mmpretrain's ``VisionTransformer``.
            Defaults to 'base'.
        img_size (int | tuple[int, int]): Side, or height and width, in
            pixels. Defaults to 224.
        patch_size (int): Side of a patch in pixels. Defaults to 16.
        batch_size (int): Images. Defaults to 8.
    """

    arch: Union[str, dict] = 'base'
    img_size: Union[int, Tuple[int, int]] = 224
    patch_size: int = 16
    batch_size: int = 8

    @property
    def sides(self) -> Tuple[int, int]:
        size = self.img_size
        return (size, size) if isinstance(size, int) else tuple(size)


@dataclass(frozen=True)
class Workload:
    """A piece of work that can be repeated.

    Args:
        name (str): Name in tables.
        module (nn.Module): Whose parameters it uses.
        forward (Callable): Runs the forward pass and returns a scalar.
        train (bool): Whether a backward pass follows.
        images (int): Images of one repetition.
        tokens (list[int], optional): Tokens that each layer works on.
    """

    name: str
    module: nn.Module
    forward: Callable[[], Tensor]
    train: bool
    images: int
    tokens: Optional[List[int]] = None

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
    research_style: bool = False,
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
        research_style (bool): Use :class:`ResearchStyleViT`. Defaults to
            False.
        with_cp (bool): Activation checkpointing. Defaults to False.
        device (str): 'meta' suffices for exact counts. Defaults to 'cpu'.

    Returns:
        Workload: The same weights and images at every call.
    """
    torch.manual_seed(0)
    kind = ResearchStyleViT if research_style else PrunedViT
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
        guidance = torch.randn(tower.batch_size, vit.embed_dims)

    def forward() -> Tensor:
        return vit.encode(images, guidance).tokens.square().mean()

    return Workload(name, vit, forward, train, tower.batch_size)
