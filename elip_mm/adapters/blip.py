# Copyright (c) elip_mm contributors. All rights reserved.
"""The BLIP models of mmpretrain."""

from typing import Any, List, Optional

from mmpretrain.structures import DataSample
from torch import Tensor

from elip_mm.registry import MODEL_ADAPTERS

from .base import BertGuidedAdapter, ModelAdapter


@MODEL_ADAPTERS.register_module()
class BlipRetrievalAdapter(BertGuidedAdapter):
    """Guided by the caption's [CLS] state; the caption is encoded twice.

    A prediction is never guided: each image is scored against many captions,
    and its own is the answer.
    """

    model_type = 'mmpretrain.models.multimodal.BlipRetrieval'
    tower = 'vision_backbone'

    def guide(
        self,
        model: Any,
        images: Tensor,
        data_samples: Optional[List[DataSample]],
        phase: str,
    ) -> Optional[Tensor]:
        """Encode the captions; see :meth:`ModelAdapter.guide`."""
        if phase != 'loss' or data_samples is None:
            return None
        return self.encode(model, model.preprocess_text(data_samples))


@MODEL_ADAPTERS.register_module()
class BlipVQAAdapter(BertGuidedAdapter):
    """Guided by the [CLS] state of the question, in predictions as well."""

    model_type = 'mmpretrain.models.multimodal.BlipVQA'
    tower = 'vision_backbone'
    encoder = 'multimodal_backbone'

    def flatten(self, model: Any, images: Tensor) -> Tensor:
        """Put frames of a video in a row, see the parent."""
        return images.flatten(0, 1) if images.ndim == 5 else images

    def guide(
        self,
        model: Any,
        images: Tensor,
        data_samples: Optional[List[DataSample]],
        phase: str,
    ) -> Optional[Tensor]:
        """Encode the questions; see :meth:`ModelAdapter.guide`."""
        samples = _check_samples(model, data_samples)
        questions = [sample.get('question') for sample in samples]
        tokens = model.tokenizer(
            questions, padding='longest', return_tensors='pt'
        )
        guidance = self.encode(model, tokens.to(model.device))
        if images.ndim == 5:
            guidance = guidance.repeat_interleave(images.shape[1], dim=0)
        return guidance


@MODEL_ADAPTERS.register_module()
class BlipNLVRAdapter(BertGuidedAdapter):
    """Both images are guided by the [CLS] state of the statement.

    The statement is known when a prediction is made, so that is guided too.
    """

    model_type = 'mmpretrain.models.multimodal.BlipNLVR'
    tower = 'vision_backbone'
    encoder = 'multimodal_backbone'

    def flatten(self, model: Any, images: Tensor) -> Tensor:
        """All first images, then all second ones; see the model."""
        if images.ndim == 5:
            images = images.transpose(0, 1).flatten(0, 1)
        return images

    def guide(
        self,
        model: Any,
        images: Tensor,
        data_samples: Optional[List[DataSample]],
        phase: str,
    ) -> Optional[Tensor]:
        """Encode the statements; see :meth:`ModelAdapter.guide`."""
        samples = _check_samples(model, data_samples)
        guidance = self.encode(model, model.preprocess_text(samples))
        # Two images a statement; one where only tokens are looked at.
        count = len(self.flatten(model, images)) // len(samples)
        return guidance.repeat(count, 1)


@MODEL_ADAPTERS.register_module()
class BlipCaptionAdapter(ModelAdapter):
    """Without guidance: the decoder reads no text before it has the image."""

    model_type = 'mmpretrain.models.multimodal.BlipCaption'
    tower = 'visual_encoder'


def _check_samples(
    model: Any, data_samples: Optional[List[DataSample]]
) -> List[DataSample]:
    """The data samples of a batch, without which nothing can guide it."""
    if data_samples is None:
        raise ValueError(
            f'{type(model).__name__} is guided by the text of its data '
            "samples, but got none; give data_samples, or set guidance='none' "
            'in attach_reducer.'
        )
    return data_samples
