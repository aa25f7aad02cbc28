# Copyright (c) elip_mm contributors. All rights reserved.
from dataclasses import replace
from typing import Any, Dict, List, Optional, Set, Union

import torch
import torch.nn.functional as F
from mmengine.model import ModuleDict
from mmpretrain.structures import DataSample
from torch import Tensor

from elip_mm.checkpoint import pretrained_last
from elip_mm.models.reducers import complete_hints
from elip_mm.registry import MODELS, TASK_UTILS, TOKENIZER
from elip_mm.structures import (
    Hints,
    PairFeatures,
    TextFeatures,
    TokenState,
)

from .checks import check_parts
from .partly_trained import PartlyTrainedModel

Losses = Dict[str, Tensor]


@MODELS.register_module()
class LanguageImageModel(PartlyTrainedModel):
    """The frame of every model that reads texts and looks at images.

    Pre-trainers and tasks are made from it. It builds the parts, tokenises,
    encodes text, turns it into hints for the image tower, encodes and embeds
    images, and fuses. Text comes first, since it guides vision.

    Reduction is on in the training loss. Everywhere else it is an explicit
    switch, and off by default: an image may not be reduced under a caption
    that it is about to be compared with.

    Args:
        vision_backbone (dict): Config of a :class:`PrunedViT`.
        text_encoder (dict): Config of an encoder that returns
            :class:`TextFeatures`.
        tokenizer (dict): Config of a tokenizer from ``TOKENIZER``.
        heads (dict[str, dict], optional): Configs of the heads by name.
            Defaults to None, no heads.
        vision_neck (dict, optional): Config of the projection of images into
            the joint space. Defaults to None.
        text_neck (dict, optional): The same for texts. Defaults to None.
        guidance (dict, optional): Config of the module that carries text to
            vision width. Defaults to None: the images see no text.
        fusion (dict, optional): Config of a fusion that keeps two streams,
            such as :class:`CoAttentionFusion`. Defaults to None.
        patch_scorer (dict, optional): Config of a module that scores patches
            for the reducer, such as :class:`MomentumPatchScorer`. Defaults
            to None.
        task (dict, optional): What the model does outside of training, an
            entry of ``TASK_UTILS``; settings without a ``type`` change those
            of :attr:`default_task`. Defaults to None, that one.
        reduce_at_test (bool): Whether predictions and features are reduced
            too, without guidance unless the task has one text per image.
            Defaults to False.
        **kwargs: ``frozen`` and ``lora`` of :class:`PartlyTrainedModel`;
            ``data_preprocessor`` (by default mmpretrain's
            ``MultiModalDataPreprocessor``) and ``init_cfg`` of mmengine's
            ``BaseModel``.
    """

    default_task: dict = dict(type='elip_mm.DualEncoderRetrieval')

    def __init__(
        self,
        vision_backbone: dict,
        text_encoder: dict,
        tokenizer: dict,
        heads: Optional[Dict[str, dict]] = None,
        vision_neck: Optional[dict] = None,
        text_neck: Optional[dict] = None,
        guidance: Optional[dict] = None,
        fusion: Optional[dict] = None,
        patch_scorer: Optional[dict] = None,
        task: Optional[dict] = None,
        reduce_at_test: bool = False,
        **kwargs,
    ) -> None:
        preprocessor = kwargs.pop('data_preprocessor', None) or dict(
            type='mmpretrain.MultiModalDataPreprocessor'
        )
        super().__init__(
            data_preprocessor=MODELS.build(preprocessor), **kwargs
        )
        self.tokenizer = TOKENIZER.build(tokenizer)
        self.vision_backbone = _build(vision_backbone)
        self.text_encoder = _build(text_encoder)
        self.vision_neck = _build(vision_neck)
        self.text_neck = _build(text_neck)
        self.guidance = _build(guidance)
        self.heads = ModuleDict(
            {name: MODELS.build(head) for name, head in (heads or {}).items()}
        )
        self.fusion = _build(fusion)
        self.patch_scorer = _build(patch_scorer, tower=self.vision_backbone)
        task = task or {}
        self.task = TASK_UTILS.build(
            dict(task) if 'type' in task else {**self.default_task, **task}
        )
        self.reduce_at_test = reduce_at_test
        self.check_parts()
        self.choose_trained()

    # ---- what mmengine calls --------------------------------------------

    def init_weights(self) -> None:
        """Draw random weights, then load the files of ``init_cfg``."""
        if self.is_init:
            return
        with pretrained_last(self):
            super().init_weights()
            self.init_parts()

    def init_parts(self) -> None:
        """Draw weights that parts do not draw by themselves."""

    def forward(
        self,
        images: Tensor,
        data_samples: Optional[List[DataSample]] = None,
        mode: str = 'tensor',
    ) -> Union[Losses, List[DataSample]]:
        """The entry point of training, testing and export.

        Args:
            images (Tensor): Normalised images, shape ``(B, 3, H, W)``.
            data_samples (list[DataSample], optional): Texts and targets.
                Defaults to None.
            mode (str): ``'loss'``, ``'predict'`` or ``'tensor'``. Defaults
                to 'tensor'.

        Returns:
            dict or list: Losses, samples with predictions, or features.
        """
        if mode == 'loss':
            return self.loss(images, data_samples or [])
        if mode == 'predict':
            return self.predict(images, data_samples)
        if mode == 'tensor':
            return self.extract(images, data_samples)
        raise ValueError(
            f'{type(self).__name__}: mode must be "loss", '
            f'"predict" or "tensor", but got {mode!r}.'
        )

    def loss(self, images: Tensor, data_samples: List[DataSample]) -> Losses:
        """Losses of a batch; pre-trainers and tasks implement it.

        Args:
            images (Tensor): Shape ``(B, 3, H, W)``.
            data_samples (list[DataSample]): Texts and targets.

        Returns:
            dict[str, Tensor]: Every key that contains "loss" is summed.
        """
        raise NotImplementedError(
            f'{type(self).__name__} has no loss; train a pre-trainer or a '
            'task that is made from it.'
        )

    def extract(
        self, images: Tensor, data_samples: Optional[List[DataSample]] = None
    ) -> Losses:
        """Features of a batch, see the task's ``extract``."""
        return self.task.extract(self, images, data_samples)

    @torch.no_grad()
    def predict(
        self, images: Tensor, data_samples: Optional[List[DataSample]] = None
    ) -> List[DataSample]:
        """Predictions for a batch, see the task's ``predict``."""
        return self.task.predict(self, images, data_samples)

    @torch.no_grad()
    def predict_all(self, *args, **kwargs):
        """Predictions for a whole set, see the task's ``predict_all``."""
        return self.task.predict_all(self, *args, **kwargs)

    # ---- steps that pre-trainers and tasks are made of ---------------------

    def tokenize(self, data_samples: List[DataSample]) -> Tensor:
        """Token ids of all captions of a batch, shape ``(T, L)``.

        Samples with several captions (in test sets) contribute all of them,
        in order.
        """
        texts: List[str] = []
        for sample in data_samples:
            text = sample.get('text')
            texts.extend([text] if isinstance(text, str) else text)
        return self.tokenizer(texts).to(self.data_preprocessor.device)

    def encode_text(self, ids: Tensor) -> TextFeatures:
        """Encode captions, shape ``(B, L)``, and embed them."""
        with self.gradient_of('text_encoder'):
            text = self.text_encoder(ids)
        if self.text_neck is None:
            return text
        return replace(text, embedded=self.embed_text(text, self.text_neck))

    def guide(self, text: TextFeatures) -> Optional[Tensor]:
        """Carry text to vision width, shape ``(B, C)``, without gradient."""
        if self.guidance is None:
            return None
        return self.guidance(text, self.vision_neck)

    def hints(
        self, images: Tensor, text: Optional[TextFeatures] = None
    ) -> Hints:
        """Collect what the reducer may look at.

        Args:
            images (Tensor): Shape ``(B, 3, H, W)``.
            text (TextFeatures, optional): One text per image. Defaults to
                None, no text may guide.

        Returns:
            Hints: For :meth:`encode_image`.
        """
        hints = Hints(
            guidance=None if text is None else self.guide(text),
            scores=self.patch_scorer and self.patch_scorer(images),
        )
        tower = self.vision_backbone
        return complete_hints(hints, tower.reducer.needs, images, tower, text)

    def encode_image(
        self,
        images: Tensor,
        hints: Optional[Hints] = None,
        reduce: bool = True,
    ) -> TokenState:
        """Encode images.

        Args:
            images (Tensor): Shape ``(B, 3, H, W)``.
            hints (Hints, optional): What the reducer may look at. Defaults
                to None.
            reduce (bool): Whether the reducer may act. Defaults to True.

        Returns:
            TokenState: Tokens after the last layer and the final norm.
        """
        with self.gradient_of('vision_backbone'):
            return self.vision_backbone.encode(images, hints, reduce)

    def encode_pairs(
        self, images: Tensor, ids: Tensor, reduce: bool = True
    ) -> PairFeatures:
        """Encode both sides, the images under their texts, and fuse them.

        Args:
            images (Tensor): Shape ``(B, 3, H, W)``.
            ids (Tensor): Token ids, shape ``(B, L)``.
            reduce (bool): Whether the reducer may act. Defaults to True.

        Returns:
            PairFeatures: Row i of the images with row i of the texts.
        """
        text = self.encode_text(ids)
        hints = self.hints(images, text) if reduce else None
        return self.fuse(text, self.encode_image(images, hints, reduce))

    def fuse(self, text: TextFeatures, vision: TokenState) -> PairFeatures:
        """Bring both sides together for the heads."""
        embedded = text.embedded is not None
        return PairFeatures(
            text=text,
            vision=vision,
            image_embed=self.embed_image(vision) if embedded else None,
            text_embed=text.embedded,
            fused=self.fusion and self.fusion(text, vision),
        )

    def embed_image(
        self, vision: TokenState, neck: Optional[Any] = None
    ) -> Tensor:
        """Pool images and bring them to the joint space.

        A neck that ``pools`` reads all tokens; others get the class token,
        or the mean of the patches where there is none.

        Args:
            vision (TokenState): ``B`` images.
            neck (nn.Module, optional): Defaults to None, the model's own.

        Returns:
            Tensor: Unit norm, shape ``(B, E)``.
        """
        neck = self.vision_neck if neck is None else neck
        if getattr(neck, 'pools', False):
            return F.normalize(neck(vision.tokens), dim=-1)
        first = vision.tokens[:, 0] if vision.has_cls else vision.mean()
        return F.normalize(first if neck is None else neck(first), dim=-1)

    def embed_text(self, text: TextFeatures, neck: Any) -> Tensor:
        """Bring pooled texts to the joint space, unit norm, ``(B, E)``."""
        return F.normalize(neck(text.pooled), dim=-1)

    # ---- training -------------------------------------------------------

    def set_pruning_strength(self, strength: float) -> None:
        """Ease the reduction: 0 keeps all tokens, 1 is as configured."""
        self.vision_backbone.set_pruning_strength(strength)

    def get_layer_depth(self, param_name: str, prefix: str = ''):
        """Depth of a parameter for layer-wise learning rates."""
        return self.vision_backbone.get_layer_depth(
            param_name, f'{prefix}vision_backbone.'
        )

    def no_weight_decay(self) -> Set[str]:
        """Names of parameters that are not decayed, whatever the schedule.

        Each part lists its own in an attribute ``undecayed``: scales and
        biases of logits, which decay would pull away from what they mean.

        Returns:
            set[str]: Names as in ``named_parameters()``.
        """
        return {
            f'{path}.{name}' if path else name
            for path, part in self.named_modules()
            for name in getattr(part, 'undecayed', ())
        }

    def check_parts(self) -> None:
        """Raise a ValueError if parts of the config do not fit together."""
        check_parts(self)


def _build(cfg: Optional[dict], **more) -> Any:
    """Build a part from its config; None where there is none."""
    return None if cfg is None else MODELS.build({**cfg, **more})
