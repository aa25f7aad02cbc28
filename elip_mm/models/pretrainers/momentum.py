# Copyright (c) elip_mm contributors. All rights reserved.
from dataclasses import fields, replace
from typing import Dict, Optional, Tuple

import torch
import torch.nn.functional as F
from mmengine.dist import get_rank
from torch import Tensor, nn

from elip_mm.models.momentum import (
    FeatureQueue,
    MomentumEncoder,
    complete_momentum,
)
from elip_mm.models.multimodal.language_image_model import (
    LanguageImagePretrainer,
)
from elip_mm.models.tasks.reranking import MatchingRetrieval
from elip_mm.structures import (
    LanguageTargets,
    MomentumPairs,
    PairFeatures,
    TextFeatures,
    TokenState,
)


class MomentumPretrainer(MatchingRetrieval, LanguageImagePretrainer):
    """What ALBEF and BLIP share: a teacher, a queue, matching.

    It owns a :class:`MomentumEncoder` and a :class:`FeatureQueue`. A step in
    training mode moves the twin and fills the queue; in evaluation mode a
    loss leaves both as they are.

    Args:
        queue_size (int): Teacher features of each kind that are remembered.
        joint_dims (int): Width ``E`` of the joint space. Defaults to 256.
        temperature (float): Where the learned temperature starts. Defaults
            to 0.07.
        temperature_range (tuple[float, float]): Its bounds. Defaults to
            (0.001, 0.5).
        momentum (float): Share of the twin that stays in a step. Defaults to
            0.995.
        alpha (float): Share of the teacher in soft targets, unless a hook
            sets it. Defaults to 0.4.
        global_candidates (bool): Whether the batches of all processes are
            candidates of the contrast, instead of the local one; they are
            gathered for the queue anyway. Defaults to False, as published.
        share_reduction (bool): Whether the twin's image tower follows the
            reduction of the online one instead of seeing every patch. That
            saves most of what the reduction saves online, with no look-ahead
            of its own. Defaults to False, as published.
        k_test (int): Candidates that matching re-ranks, see
            :class:`MatchingRetrieval`. Defaults to 256.
        rerank_batch_size (int): Pairs of one pass there. Defaults to 256.
        rerank_score (str): What ranks them: ``'logit'`` of a match, as
            published, or ``'logit_margin'``, that minus the logit of "no
            match". Only the difference is trained; the logit alone has an
            offset of its own in every pair. Defaults to 'logit'.
        **kwargs: Those of :class:`LanguageImagePretrainer`. ``heads`` needs
            one named ``itm``.

    Source: ALBEF, https://arxiv.org/abs/2107.07651.
    """

    # Copies in the twin, and where their originals are.
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
        k_test: int = 256,
        rerank_batch_size: int = 256,
        rerank_score: str = 'logit',
        **kwargs,
    ) -> None:
        super().__init__(**kwargs)
        if rerank_score not in ('logit', 'logit_margin'):
            raise ValueError(
                f"{type(self).__name__}: rerank_score must be 'logit' or "
                f"'logit_margin', but got {rerank_score!r}."
            )
        self.temp = nn.Parameter(torch.tensor(temperature))
        self.temperature_range = temperature_range
        # A tensor, so that a compiled step need not be compiled anew.
        self.register_buffer('alpha', torch.tensor(alpha), persistent=False)
        self.global_candidates = global_candidates
        self.share_reduction = share_reduction
        self.k_test = k_test
        self.rerank_batch_size = rerank_batch_size
        self.rerank_score = rerank_score
        self.queue = FeatureQueue(joint_dims, queue_size)
        self.build_parts()
        self.momentum_encoder = MomentumEncoder(
            self.online_modules(), momentum
        )

    def build_parts(self) -> None:
        """Build what a subclass needs before the twin is copied."""

    def online_modules(self) -> Dict[str, nn.Module]:
        """Modules that the twin copies, by name."""
        return {
            name: self.get_submodule(path)
            for name, path in self.momentum_parts.items()
        }

    def init_weights(self) -> None:
        """Initialise, then copy: the twin starts as its original."""
        super().init_weights()
        self.momentum_encoder.copy_from(self.online_modules())

    def set_alpha(self, alpha: float) -> None:
        """Set the share of the teacher in soft targets.

        Args:
            alpha (float): In [0, 1].
        """
        if not 0 <= alpha <= 1:
            raise ValueError(
                f'{type(self).__name__}: alpha must lie in [0, 1], but got '
                f'{alpha}.'
            )
        self.alpha.fill_(alpha)

    def encode_pairs(self, images: Tensor, ids: Tensor) -> MomentumPairs:
        """Encode a batch online and by the teacher.

        Args:
            images (Tensor): Shape ``(B, 3, H, W)``.
            ids (Tensor): Token ids, shape ``(B, L)``.

        Returns:
            MomentumPairs: Everything that the heads need.
        """
        with torch.no_grad():
            self.temp.clamp_(*self.temperature_range)
        pairs = super().encode_pairs(images, ids)
        teacher = self.encode_momentum(images, ids, pairs.vision)
        own, image_candidates, text_candidates = self.gather_candidates(
            teacher
        )
        distilled = MomentumPairs(
            **{f.name: getattr(pairs, f.name) for f in fields(PairFeatures)},
            teacher=teacher,
            image_candidates=image_candidates,
            text_candidates=text_candidates,
            own=own,
            temperature=self.temp,
            alpha=self.alpha,
            cross_encode=self.cross_encode,
        )
        return replace(distilled, language=self.language_targets(distilled))

    @torch.no_grad()
    def encode_momentum(
        self, images: Tensor, ids: Tensor, vision: TokenState
    ) -> PairFeatures:
        """Move the twin, then let it encode the same batch.

        Args:
            images (Tensor): Shape ``(B, 3, H, W)``.
            ids (Tensor): Token ids, shape ``(B, L)``.
            vision (TokenState): What the online tower made of the images.

        Returns:
            PairFeatures: No gradient.
        """
        momentum_encoder = self.momentum_encoder
        if self.training:
            momentum_encoder.update(self.online_modules())
        text = momentum_encoder.text_encoder(ids)
        plans = vision.plans if self.share_reduction else None
        state = momentum_encoder.vision_backbone.encode(
            images, reduce=False, follow=plans
        )
        return PairFeatures(
            text=text,
            vision=state,
            image_embed=F.normalize(
                momentum_encoder.vision_neck(state.tokens[:, 0]), dim=-1
            ),
            text_embed=F.normalize(
                momentum_encoder.text_neck(text.pooled), dim=-1
            ),
        )

    @torch.no_grad()
    def gather_candidates(
        self, teacher: PairFeatures
    ) -> Tuple[Tensor, Tensor, Tensor]:
        """Candidates of the contrast; then the queue takes in the batch.

        Args:
            teacher (PairFeatures): The teacher's view of the local batch.

        Returns:
            tuple[Tensor, Tensor, Tensor]: Which candidate belongs to each
            pair ``(B,)``, and the candidate images and texts ``(K, E)``.
        """
        image, text, queue = (
            teacher.image_embed,
            teacher.text_embed,
            self.queue,
        )
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
        self, pairs: MomentumPairs
    ) -> Optional[LanguageTargets]:
        """Tokens that the language head shall predict; None for none."""
        return None

    def stored_text(self, text: TextFeatures) -> Dict[str, Tensor]:
        """What matching needs of a text later, see the mixin."""
        return dict(text_ids=text.ids)

    def _load_from_state_dict(self, state_dict, prefix, *args) -> None:
        paths = {
            f'momentum_encoder.{k}': path
            for k, path in self.momentum_parts.items()
        }
        complete_momentum(state_dict, paths, prefix)
        super()._load_from_state_dict(state_dict, prefix, *args)

    def _check_parts(self) -> None:
        super()._check_parts()
        for name in ('vision_neck', 'text_neck'):
            if getattr(self, name) is None:
                raise ValueError(
                    f'{type(self).__name__} needs a {name} into the joint '
                    "space, such as dict(type='mmpretrain.Linear', "
                    'in_features=768, out_features=256).'
                )
        if 'itm' not in self.heads:
            raise ValueError(
                f"{type(self).__name__} needs a head named 'itm', such as "
                "itm=dict(type='elip_mm.MatchingHead', embed_dims=768); "
                f'there are {sorted(self.heads)}.'
            )
