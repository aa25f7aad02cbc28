# Copyright (c) elip_mm contributors. All rights reserved.
from mmpretrain.models.classifiers import ImageClassifier

from .base import ModelAdapter


class ImageClassifierAdapter(ModelAdapter):
    """Without guidance: a classifier reads no text."""

    model_type = ImageClassifier
    tower = 'backbone'
