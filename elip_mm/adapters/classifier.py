# Copyright (c) elip_mm contributors. All rights reserved.
from elip_mm.registry import MODEL_ADAPTERS

from .base import ModelAdapter


@MODEL_ADAPTERS.register_module()
class ImageClassifierAdapter(ModelAdapter):
    """Without guidance: a classifier reads no text."""

    model_type = 'mmpretrain.models.classifiers.ImageClassifier'
    tower = 'backbone'
