# Copyright (c) elip_mm contributors. All rights reserved.
from typing import Any, List, Optional

import torch
import torch.nn.functional as F
from mmpretrain.structures import DataSample
from torch import Tensor

from elip_mm.models.layers import no_dropout
from elip_mm.registry import MODEL_ADAPTERS

from .base import ModelAdapter


@MODEL_ADAPTERS.register_module()
class CLIPAdapter(ModelAdapter):
    """Guided by a text that comes with the image, if one does.

    The text feature is carried to vision width by the transposed projection
    of the vision tower, as in the CLIP variant of ELIP. Zero-shot
    classification compares an image with all classes, none of which may
    guide it: there the samples have no ``text``, and vision alone ranks.
    """

    model_type = 'mmpretrain.models.multimodal.CLIP'
    tower = 'visual'
    with_text = True

    def text_width(self, model: Any) -> int:
        """Width that the projection leads back to."""
        return model.visual_proj.proj.shape[0]

    @torch.no_grad()
    def guide(
        self,
        model: Any,
        images: Tensor,
        data_samples: Optional[List[DataSample]],
        phase: str,
    ) -> Optional[Tensor]:
        """Encode the texts if all samples have one."""
        texts = [
            None if sample is None else sample.get('text')
            for sample in data_samples or [None]
        ]
        if not all(isinstance(text, str) for text in texts):
            return None
        with no_dropout(model.transformer):
            ids = model.tokenize(texts).to(images.device)
            feature = model.extract_text_feat(ids)
        return F.normalize(feature, dim=-1) @ model.visual_proj.proj.t()
