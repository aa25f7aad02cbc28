# Copyright (c) elip_mm contributors. All rights reserved.
from typing import Callable, Dict, NamedTuple

from torch import Tensor

from .albef import from_albef, to_albef
from .blip import from_blip, to_blip
from .meter import from_meter, to_meter
from .open_clip import from_open_clip, to_open_clip

__all__ = ['Converter', 'FAMILIES']

Convert = Callable[[Dict[str, Tensor]], Dict[str, Tensor]]


class Converter(NamedTuple):
    """Both directions for one code base, and how its files look.

    Args:
        from_theirs (Callable): Their state dict to ours.
        to_theirs (Callable): Our state dict to theirs.
        weights (str): Key under which their training leaves the weights
            beside its own state.
    """

    from_theirs: Convert
    to_theirs: Convert
    weights: str


# Code bases by name. A new one is entered here and has its command line and
# its tests.
FAMILIES: Dict[str, Converter] = dict(
    albef=Converter(from_albef, to_albef, 'model'),
    blip=Converter(from_blip, to_blip, 'model'),
    meter=Converter(from_meter, to_meter, 'state_dict'),
    open_clip=Converter(from_open_clip, to_open_clip, 'state_dict'),
)
