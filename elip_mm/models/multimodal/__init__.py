# Copyright (c) elip_mm contributors. All rights reserved.
from .language_image_model import LanguageImageModel

__all__ = ['LanguageImageModel']
