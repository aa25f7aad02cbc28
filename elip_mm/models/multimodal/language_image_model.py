# Copyright (c) elip_mm contributors. All rights reserved.
from dataclasses import replace
from typing import Dict, List, Optional, Union

import torch
import torch.nn.functional as F
from mmengine.model import BaseModel, ModuleDict
from mmpretrain.structures import DataSample
from torch import Tensor

from elip_mm.registry import MODELS, TOKENIZER
from elip_mm.structures import Hints, PairFeatures, TextFeatures, TokenState


class LanguageImagePretrainer(BaseModel):
    """The frame on which every pre-training model hangs.

    Text is encoded first, since it guides vision; then the images, reduced
    under that guidance; then each head adds its losses. Reduction is on in
    the training loss. Everywhere else it is an explicit switch, and off by
    default: an image may not be reduced under a caption that it is about to
    be compared with.

    Args:
        vision_backbone (dict): Config of a :class:`PrunedViT`.
        text_encoder (dict): Config of an encoder that returns
            :class:`TextFeatures`.
        tokenizer (dict): Config of a tokenizer from ``TOKENIZER``.
        heads (dict[str, dict]): Configs of the heads by name.
        vision_neck (dict, optional): Config of the projection of images into
            the joint space. Defaults to None.
        text_neck (dict, optional): The same for texts. Defaults to None.
        guidance (dict, optional): Config of the module that carries text to
            vision width. Defaults to None: the images see no text.
        reduce_at_test (bool): Whether ``predict`` and ``tensor`` mode reduce
            too, without guidance. Only strategies that do without text then
            have an effect. Defaults to False.
        data_preprocessor (dict, optional): Config of the preprocessor.
            Defaults to ``MultiModalDataPreprocessor``.
        init_cfg (dict, optional): Initialisation. Defaults to None.
    """

    def __init__(
        self,
        vision_backbone: dict,
        text_encoder: dict,
        tokenizer: dict,
        heads: Dict[str, dict],
        vision_neck: Optional[dict] = None,
        text_neck: Optional[dict] = None,
        guidance: Optional[dict] = None,
        reduce_at_test: bool = False,
        data_preprocessor: Optional[dict] = None,
        init_cfg: Optional[dict] = None,
    ) -> None:
        if data_preprocessor is None:
            data_preprocessor = dict(
                type='mmpretrain.MultiModalDataPreprocessor'
            )
        super().__init__(
            data_preprocessor=MODELS.build(data_preprocessor),
            init_cfg=init_cfg,
        )
        self.tokenizer = TOKENIZER.build(tokenizer)
        self.vision_backbone = MODELS.build(vision_backbone)
        self.text_encoder = MODELS.build(text_encoder)
        self.vision_neck = vision_neck and MODELS.build(vision_neck)
        self.text_neck = text_neck and MODELS.build(text_neck)
        self.guidance = guidance and MODELS.build(guidance)
        self.heads = ModuleDict(
            {name: MODELS.build(head) for name, head in heads.items()}
        )
        self.reduce_at_test = reduce_at_test
        self._check_parts()

    def forward(
        self,
        images: Tensor,
        data_samples: Optional[List[DataSample]] = None,
        mode: str = 'tensor',
    ) -> Union[Dict[str, Tensor], List[DataSample]]:
        """The entry point of training, testing and export.

        Args:
            images (Tensor): Normalised images, shape ``(B, 3, H, W)``.
            data_samples (list[DataSample], optional): Captions in ``text``.
                Defaults to None.
            mode (str): ``'loss'``, ``'predict'`` or ``'tensor'``. Defaults
                to 'tensor'.

        Returns:
            dict or list: Losses, samples with predictions, or features.
        """
        if mode == 'loss':
            return self.loss(images, data_samples)
        if mode == 'predict':
            return self.predict(images, data_samples)
        if mode == 'tensor':
            return self.extract(images, data_samples)
        raise ValueError(
            f'{type(self).__name__}: mode must be "loss", '
            f'"predict" or "tensor", but got {mode!r}.'
        )

    def loss(
        self, images: Tensor, data_samples: List[DataSample]
    ) -> Dict[str, Tensor]:
        """Losses of a batch, reduced under its own captions.

        Args:
            images (Tensor): Shape ``(B, 3, H, W)``.
            data_samples (list[DataSample]): One caption each in ``text``.

        Returns:
            dict[str, Tensor]: Every key that contains "loss" is summed.
        """
        return self.compute_losses(images, self.tokenize(data_samples))

    def compute_losses(self, images: Tensor, ids: Tensor) -> Dict[str, Tensor]:
        """The same from tensors alone.

        Args:
            images (Tensor): Shape ``(B, 3, H, W)``.
            ids (Tensor): Token ids, shape ``(B, L)``.

        Returns:
            dict[str, Tensor]: Losses and logged values.
        """
        pairs = self.encode_pairs(images, ids)
        losses = {}
        for head in self.heads.values():
            losses.update(head.loss(pairs))
        return losses

    def encode_pairs(self, images: Tensor, ids: Tensor) -> PairFeatures:
        """Encode a batch for the heads; arguments as above.

        Models whose heads need more than the two towers extend this.
        """
        text = self.encode_text(ids)
        vision = self.encode_image(images, self.guide(text))
        return self.fuse(text, vision)

    def tokenize(self, data_samples: List[DataSample]) -> Tensor:
        """Token ids of all captions of a batch, shape ``(T, L)``.

        Samples with several captions (in test sets) contribute all of them,
        in order.
        """
        texts = []
        for sample in data_samples:
            text = sample.get('text')
            texts.extend([text] if isinstance(text, str) else text)
        return self.tokenizer(texts).to(self.data_preprocessor.device)

    def encode_text(self, ids: Tensor) -> TextFeatures:
        """Encode captions, shape ``(B, L)``, and embed them."""
        text = self.text_encoder(ids)
        if self.text_neck is None:
            return text
        embedded = F.normalize(self.text_neck(text.pooled), dim=-1)
        return replace(text, embedded=embedded)

    def guide(self, text: TextFeatures) -> Optional[Tensor]:
        """Carry text to vision width, shape ``(B, C)``, without gradient."""
        if self.guidance is None:
            return None
        return self.guidance(text, self.vision_neck)

    def encode_image(
        self,
        images: Tensor,
        guidance: Optional[Tensor] = None,
        reduce: bool = True,
    ) -> TokenState:
        """Encode images.

        Args:
            images (Tensor): Shape ``(B, 3, H, W)``.
            guidance (Tensor, optional): Shape ``(B, C)``. Defaults to None.
            reduce (bool): Whether the reducer may act. Defaults to True.

        Returns:
            TokenState: Tokens after the last layer and the final norm.
        """
        return self.vision_backbone.encode(
            images, Hints(guidance=guidance), reduce
        )

    def embed_image(self, vision: TokenState) -> Tensor:
        """Bring images to the joint space, unit norm, shape ``(B, E)``."""
        first = vision.tokens[:, 0] if vision.has_cls else vision.mean()
        if self.vision_neck is not None:
            first = self.vision_neck(first)
        return F.normalize(first, dim=-1)

    def fuse(self, text: TextFeatures, vision: TokenState) -> PairFeatures:
        """Bring both sides together for the heads."""
        return PairFeatures(
            text=text,
            vision=vision,
            image_embed=self.embed_image(vision),
            text_embed=text.embedded,
        )

    def extract(
        self, images: Tensor, data_samples: Optional[List[DataSample]] = None
    ) -> Dict[str, Tensor]:
        """Features for retrieval; the images never see the captions.

        Args:
            images (Tensor): Shape ``(B, 3, H, W)``.
            data_samples (list[DataSample], optional): Captions in ``text``.
                Defaults to None: images only.

        Returns:
            dict[str, Tensor]: ``image_feat`` of shape ``(B, E)`` and, for
            ``T`` captions, ``text_feat`` of shape ``(T, E)``, unit norm.
        """
        vision = self.encode_image(images, reduce=self.reduce_at_test)
        features = dict(image_feat=self.embed_image(vision))
        if data_samples is not None:
            text = self.encode_text(self.tokenize(data_samples))
            features['text_feat'] = text.embedded
        return features

    @torch.no_grad()
    def predict(
        self, images: Tensor, data_samples: Optional[List[DataSample]]
    ) -> List[DataSample]:
        """Attach image features and provenance to the samples.

        Args:
            images (Tensor): Shape ``(B, 3, H, W)``.
            data_samples (list[DataSample], optional): Samples to fill.

        Returns:
            list[DataSample]: With ``image_feat (E,)``, ``owner (P,)`` and
            ``grid``.
        """
        vision = self.encode_image(images, reduce=self.reduce_at_test)
        samples = data_samples or [DataSample() for _ in images]
        for sample, feature, owner in zip(
            samples, self.embed_image(vision), vision.owner
        ):
            sample.set_field(feature, 'image_feat')
            sample.set_field(owner, 'owner')
            sample.set_field(vision.grid, 'grid')
        return samples

    def set_pruning_strength(self, strength: float) -> None:
        """Ease the reduction: 0 keeps all tokens, 1 is as configured."""
        self.vision_backbone.set_pruning_strength(strength)

    def get_layer_depth(self, param_name: str, prefix: str = ''):
        """Depth of a parameter for layer-wise learning rates."""
        return self.vision_backbone.get_layer_depth(
            param_name, f'{prefix}vision_backbone.'
        )

    def _check_parts(self) -> None:
        """Raise a ValueError if parts of the config do not fit together."""
        name = type(self).__name__
        tokenizer, encoder = self.tokenizer, self.text_encoder
        if tokenizer.vocab_size > encoder.vocab_size:
            raise ValueError(
                f'{name}: the tokenizer has {tokenizer.vocab_size} tokens, '
                f'but the text encoder knows {encoder.vocab_size}; set '
                f'text_encoder.vocab_size={tokenizer.vocab_size}.'
            )
        if tokenizer.context_length > encoder.context_length:
            raise ValueError(
                f'{name}: the tokenizer gives {tokenizer.context_length} '
                'tokens a caption, but the text encoder takes at most '
                f'{encoder.context_length}; make the two equal.'
            )
        if self.guidance is not None:
            self.guidance.check(
                encoder.embed_dims,
                self.vision_backbone.embed_dims,
                self.vision_neck,
            )
