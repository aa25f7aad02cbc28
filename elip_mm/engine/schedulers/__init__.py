# Copyright (c) elip_mm contributors. All rights reserved.
from .epoch_lr import ALBEFLR, BLIPLR
from .rates import albef_rate, blip_rate

__all__ = ['ALBEFLR', 'BLIPLR', 'albef_rate', 'blip_rate']
