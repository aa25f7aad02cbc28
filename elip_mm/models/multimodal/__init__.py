# Copyright (c) elip_mm contributors. All rights reserved.
from .base import LanguageImagePretrainer
from .clip import CLIPPretrainer

__all__ = ['CLIPPretrainer', 'LanguageImagePretrainer']
