# Copyright (c) elip_mm contributors. All rights reserved.
from dataclasses import replace
from typing import Any, Dict, Iterator, Optional, Tuple

import torch
from mmengine.dist import get_rank
from torch import Tensor, nn

from elip_mm.models.momentum import (
    FeatureQueue,
    MomentumEncoder,
    complete_momentum,
)
from elip_mm.structures import (
    LanguageTargets,
    MomentumFeatures,
    PairFeatures,
    TextFeatures,
    TokenState,
)

from .base import LanguageImagePretrainer


class MomentumPretrainer(LanguageImagePretrainer):
    """What ALBEF and BLIP share: a momentum encoder, a queue, matching.

    It owns a :class:`MomentumEncoder` and a :class:`FeatureQueue`. A step in
    training mode moves the momentum encoder and fills the queue; in
    evaluation mode a loss leaves both as they are.

    Args:
        queue_size (int): Momentum features of each kind that are remembered.
        joint_dims (int): Width ``E`` of the joint space. Defaults to 256.
        temperature (float): Where the learned temperature starts. Defaults
            to 0.07.
        temperature_range (tuple[float, float]): Its bounds. Defaults to
            (0.001, 0.5).
        momentum (float): Ratio of the momentum encoder that stays in a step.
            Defaults to 0.995.
        alpha (float): Weight of the momentum encoder in soft targets, unless
            a hook sets it. Defaults to 0.4.
        global_candidates (bool): Whether the batches of all processes are
            candidates of the contrastive loss, instead of the local one; they
            are gathered for the queue anyway. Defaults to False, as
            published.
        share_reduction (bool): Whether the momentum image tower follows the
            reduction of the online one instead of seeing every patch. That
            saves most of what the reduction saves online, with no look-ahead
            of its own. Defaults to False, as published.
        **kwargs: Those of :class:`LanguageImageModel`. ``heads`` needs one
            named ``itm``, and the usual task is :class:`RerankedRetrieval`.

    Source: ALBEF, https://arxiv.org/abs/2107.07651.
    """

    default_task = dict(type='elip_mm.RerankedRetrieval')
    undecayed = ('temp',)

    # Copies in the momentum encoder, and where their originals are.
    momentum_parts = dict(
        vision_backbone='vision_backbone',
        vision_neck='vision_neck',
        text_encoder='text_encoder',
        text_neck='text_neck',
    )

    def __init__(
        self,
        queue_size: int,
        joint_dims: int = 256,
        temperature: float = 0.07,
        temperature_range: Tuple[float, float] = (0.001, 0.5),
        momentum: float = 0.995,
        alpha: float = 0.4,
        global_candidates: bool = False,
        share_reduction: bool = False,
        **kwargs,
    ) -> None:
        super().__init__(**kwargs)
        self.temp = nn.Parameter(torch.tensor(temperature))
        self.temperature_range = temperature_range
        # A tensor, so that a compiled step need not be compiled anew.
        self.alpha: Tensor
        self.register_buffer('alpha', torch.tensor(alpha), persistent=False)
        self.global_candidates = global_candidates
        self.share_reduction = share_reduction
        self.queue = FeatureQueue(joint_dims, queue_size)
        self.build_parts()
        self.momentum_encoder = MomentumEncoder(
            self.online_modules(), momentum
        )

    def build_parts(self) -> None:
        """Build what a subclass needs before the momentum encoder."""

    def online_modules(self) -> Dict[str, nn.Module]:
        """Modules that the momentum encoder copies, by name.

        Frozen parts do not move, so that they need no copy.
        """
        return {
            name: self.get_submodule(path)
            for name, path in self.momentum_parts.items()
            if path.split('.')[0] not in self.frozen
        }

    def momentum_part(self, name: str) -> Any:
        """A part of the momentum encoder; the part itself if it is frozen."""
        if hasattr(self.momentum_encoder, name):
            return getattr(self.momentum_encoder, name)
        return self.get_submodule(self.momentum_parts[name])

    def init_weights(self) -> None:
        """Initialise, then copy: the momentum encoder starts as its source."""
        super().init_weights()
        self.momentum_encoder.copy_from(self.online_modules())

    def set_alpha(self, alpha: float) -> None:
        """Set the weight of the momentum encoder in soft targets.

        Args:
            alpha (float): In [0, 1].
        """
        if not 0 <= alpha <= 1:
            raise ValueError(
                f'{type(self).__name__}: alpha must lie in [0, 1], but got '
                f'{alpha}.'
            )
        self.alpha.fill_(alpha)

    def encode_pairs(
        self, images: Tensor, ids: Tensor, reduce: bool = True
    ) -> PairFeatures:
        """Encode a batch online and by the momentum encoder.

        Args:
            images (Tensor): Shape ``(B, 3, H, W)``.
            ids (Tensor): Token ids, shape ``(B, L)``.
            reduce (bool): Whether the reducer may act. Defaults to True.

        Returns:
            PairFeatures: Everything that the heads need.
        """
        with torch.no_grad():
            self.temp.clamp_(*self.temperature_range)
        pairs = super().encode_pairs(images, ids, reduce)
        pairs = replace(
            pairs,
            momentum=self.encode_momentum(images, ids, pairs.vision),
            cross_encode=self.cross_encode,
        )
        return replace(pairs, language=self.language_targets(pairs))

    def encode_momentum(
        self, images: Tensor, ids: Tensor, vision: TokenState
    ) -> MomentumFeatures:
        """Move the momentum encoder, then let it encode the same batch.

        Args:
            images (Tensor): Shape ``(B, 3, H, W)``.
            ids (Tensor): Token ids, shape ``(B, L)``.
            vision (TokenState): What the online tower made of the images.

        Returns:
            MomentumFeatures: No gradient, but that of the temperature.
        """
        with torch.no_grad():
            if self.training:
                self.momentum_encoder.update(self.online_modules())
            text = self.momentum_part('text_encoder')(ids)
            state = self.momentum_part('vision_backbone').encode(
                images,
                reduce=False,
                follow=vision.plans if self.share_reduction else None,
            )
            image_embed = self.embed_image(
                state, self.momentum_part('vision_neck')
            )
            text_embed = self.embed_text(text, self.momentum_part('text_neck'))
            own, images_known, texts_known = self.gather_candidates(
                image_embed, text_embed
            )
        return MomentumFeatures(
            text=text,
            vision=state,
            image_embed=image_embed,
            text_embed=text_embed,
            image_candidates=images_known,
            text_candidates=texts_known,
            own=own,
            temperature=self.temp,
            alpha=self.alpha,
        )

    @torch.no_grad()
    def gather_candidates(
        self, image: Tensor, text: Tensor
    ) -> Tuple[Tensor, Tensor, Tensor]:
        """Candidates of the contrastive loss; then the queue takes the batch.

        Args:
            image (Tensor): Momentum features of the local images, ``(B, E)``.
            text (Tensor): Those of the local texts, shape ``(B, E)``.

        Returns:
            tuple[Tensor, Tensor, Tensor]: Which candidate belongs to each
            pair ``(B,)``, and the candidate images and texts ``(K, E)``.
        """
        queue = self.queue
        all_image, all_text = queue.gather(image), queue.gather(text)
        own = torch.arange(len(image), device=image.device)
        if self.global_candidates:
            own = own + get_rank() * len(image)
            image, text = all_image, all_text
        # Copies, so the queue may change before the backward pass.
        images = torch.cat([image, queue.image_queue.t().to(image.dtype)])
        texts = torch.cat([text, queue.text_queue.t().to(text.dtype)])
        if self.training:
            queue.enqueue(all_image, all_text)
        return own, images, texts

    def cross_encode(
        self, ids: Tensor, states: Optional[Tensor], memory: Tensor
    ) -> Tensor:
        """Let texts look at images.

        Args:
            ids (Tensor): Token ids, shape ``(R, L)``.
            states (Tensor, optional): Uni-modal states of the texts, shape
                ``(R, L, C)``.
            memory (Tensor): Image tokens, shape ``(R, M, C_vision)``.

        Returns:
            Tensor: States, shape ``(R, L, C)``.
        """
        raise NotImplementedError

    def language_targets(
        self, pairs: PairFeatures
    ) -> Optional[LanguageTargets]:
        """Tokens that the language head shall predict; None for none."""
        return None

    def stored_text(self, text: TextFeatures) -> Dict[str, Tensor]:
        """What :class:`RerankedRetrieval` needs of a text later."""
        return dict(text_ids=text.need('ids'))

    def check_parts(self) -> None:
        """Raise a ValueError if parts of the config do not fit together."""
        super().check_parts()
        for message in self._missing_parts():
            raise ValueError(f'{type(self).__name__} needs {message}')

    def _missing_parts(self) -> Iterator[str]:
        for name in ('vision_neck', 'text_neck'):
            if getattr(self, name) is None:
                yield (
                    f'a {name} into the joint space, such as '
                    "dict(type='mmpretrain.Linear', in_features=768, "
                    'out_features=256).'
                )
        if 'itm' not in self.heads:
            yield (
                "a head named 'itm', such as itm=dict(type="
                "'elip_mm.MatchingHead', embed_dims=768); there are "
                f'{sorted(self.heads)}.'
            )

    def _load_from_state_dict(self, state_dict, prefix, *args) -> None:
        paths = {
            f'momentum_encoder.{name}': self.momentum_parts[name]
            for name in self.online_modules()
        }
        complete_momentum(state_dict, paths, prefix)
        super()._load_from_state_dict(state_dict, prefix, *args)
