# Copyright (c) elip_mm contributors. All rights reserved.
"""A training step of a recipe, without its data and vocabulary files."""

from contextlib import nullcontext
from typing import (
    Callable,
    ContextManager,
    Dict,
    Iterable,
    List,
    Optional,
    Sequence,
)

import torch
from mmengine.config import Config
from mmengine.registry import OPTIMIZERS, DefaultScope
from mmpretrain.structures import DataSample
from torch import Tensor, nn

from elip_mm.registry import MODELS

_HALF = ('AmpOptimWrapper', 'AutocastOptimWrapper')


class StandInTokenizer:
    """Gives random words, so that a recipe runs without vocabulary files.

    Args:
        vocab_size (int): Size of the vocabulary.
        context_length (int): Length of a text in tokens; every text is as
            long as it may be.
    """

    pad_id, cls_id, sep_id, mask_id = 0, 2, 3, 4

    def __init__(self, vocab_size: int, context_length: int) -> None:
        self.vocab_size = vocab_size
        self.context_length = context_length
        self.dec_id, self.enc_id = vocab_size - 2, vocab_size - 1

    def __call__(self, texts: Sequence[str]) -> Tensor:
        """Token ids, shape ``(B, context_length)``."""
        ids = torch.randint(
            5, self.vocab_size - 2, (len(texts), self.context_length)
        )
        ids[:, 0] = self.cls_id
        ids[:, -1] = self.vocab_size - 1  # where CLIP finds the end
        return ids


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
        torch.manual_seed(0)
        self.model = _build_model(cfg, chunk_size).to(device).train()
        self.device = device
        self.optim_wrapper = cfg.optim_wrapper
        size = self.model.vision_backbone.img_size
        self.sides = (size, size) if isinstance(size, int) else tuple(size)

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
        kind = str(self.optim_wrapper.get('type', '')).split('.')[-1]
        if kind not in _HALF:
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


def _build_model(cfg: Config, chunk_size: Optional[int]) -> nn.Module:
    """The model of a recipe with random weights and random words."""
    model = cfg.model.to_dict() if 'model' in cfg else {}
    if not {'vision_backbone', 'text_encoder'} <= set(model):
        raise ValueError(
            'this needs a recipe of a pre-trainer of elip_mm, whose model has '
            'a vision_backbone and a text_encoder, but this one has '
            f'{sorted(model)}.'
        )
    encoder = model['text_encoder']
    model['tokenizer'] = dict(
        type=StandInTokenizer,
        vocab_size=encoder.get('vocab_size', 30522),
        context_length=encoder.get('context_length', 30),
    )
    if 'whole_words' in model:
        model['whole_words'] = False  # made-up words have no parts
    if chunk_size is not None:
        model['chunk_size'] = chunk_size or None
    scope = cfg.get('default_scope', 'elip_mm')
    with DefaultScope.overwrite_default_scope(scope):
        return MODELS.build(model)
