# Copyright (c) elip_mm contributors. All rights reserved.
"""A training step of a recipe, without its data and vocabulary files."""

import copy
from contextlib import nullcontext
from typing import (
    Any,
    Callable,
    ContextManager,
    Dict,
    Iterable,
    List,
    Optional,
)

import torch
from mmengine.config import Config
from mmengine.registry import OPTIMIZERS, DefaultScope
from mmpretrain.structures import DataSample
from torch import Tensor, nn

from elip_mm.apis.model import build_model
from elip_mm.utils.type_names import type_name

_HALF = ('AmpOptimWrapper', 'AutocastOptimWrapper')


class RecipeStep:
    """A step of a config on images and words that are made up for it.

    Nothing is downloaded: weights are random and so are the words.

    Args:
        cfg (Config): A recipe of this library.
        device (str): Where it runs. Defaults to 'cpu'.
        chunk_size (int, optional): Replaces ``model.chunk_size``; 0 switches
            gradient caching off. Defaults to None.
    """

    def __init__(
        self,
        cfg: Config,
        device: str = 'cpu',
        chunk_size: Optional[int] = None,
    ) -> None:
        if chunk_size is not None:
            cfg = copy.deepcopy(cfg)
            cfg.model.chunk_size = chunk_size or None
        # Weights as they are made: what a step costs depends on none of them.
        self.model: Any = build_model(
            cfg, offline=True, initialize=False, device=device
        ).train()
        self.device = device
        self.optim_wrapper = cfg.optim_wrapper
        tower: Any = self.model.vision_backbone
        self.sides = tower.img_size

    @property
    def trained(self) -> List[nn.Parameter]:
        """list[Parameter]: What the optimiser moves."""
        return [p for p in self.model.parameters() if p.requires_grad]

    @property
    def stored(self) -> List[Tensor]:
        """list[Tensor]: Parameters and buffers."""
        return [*self.model.parameters(), *self.model.buffers()]

    def context(self) -> ContextManager:
        """Precision of the recipe; on a CPU float16 becomes bfloat16."""
        if type_name(self.optim_wrapper.get('type')) not in _HALF:
            return nullcontext()
        name = self.optim_wrapper.get('dtype', 'float16')
        on_cpu = torch.device(self.device).type == 'cpu'
        dtype = torch.bfloat16 if on_cpu else getattr(torch, str(name))
        return torch.autocast(torch.device(self.device).type, dtype=dtype)

    def loss(self, batch_size: int) -> Tensor:
        """Forward pass of a batch, from raw images to the sum of losses."""
        # Words to hide are drawn, too: the same at every call.
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(batch_size)
            with self.context():
                losses = self.model(**self._data(batch_size), mode='loss')
        return self.model.parse_losses(losses)[0]

    def features(self, batch_size: int) -> Dict[str, Tensor]:
        """What the model tells of a batch at test time, see ``extract``."""
        with torch.random.fork_rng(devices=[]), self.context():
            torch.manual_seed(batch_size)
            data = self._data(batch_size, training=False)
            return self.model(**data, mode='tensor')

    def _data(self, batch_size: int, training: bool = True) -> dict:
        batch = self._make_batch(batch_size)
        return self.model.data_preprocessor(batch, training)

    def _make_batch(self, batch_size: int) -> dict:
        images = torch.zeros(batch_size, 3, *self.sides, dtype=torch.uint8)
        images.random_(0, 256)
        samples = [DataSample() for _ in range(batch_size)]
        for index, sample in enumerate(samples):
            sample.set_field('', 'text')
            sample.set_field(index, 'image_id')
        return dict(inputs=images, data_samples=samples)

    def run(self, batch_size: int) -> None:
        """Forward and backward pass; gradients are added to."""
        self.loss(batch_size).backward()

    def forward(self, batch_size: int) -> Callable[[], Tensor]:
        """The forward pass as a call without arguments."""
        return lambda: self.loss(batch_size)

    def build_optimizer(
        self, parameters: Iterable[Tensor]
    ) -> torch.optim.Optimizer:
        """The optimiser of the recipe, for any parameters."""
        settings = dict(self.optim_wrapper['optimizer'])
        with DefaultScope.overwrite_default_scope('mmengine'):
            return OPTIMIZERS.build(dict(settings, params=list(parameters)))
