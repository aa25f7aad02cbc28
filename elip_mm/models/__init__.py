# Copyright (c) elip_mm contributors. All rights reserved.
# mmpretrain's registries are our parents, and a lookup in a parent does not
# trigger the parent's own lazy import.
import mmpretrain.models  # noqa: F401

from .backbones import *  # noqa: F401, F403
from .guidance import *  # noqa: F401, F403
from .heads import *  # noqa: F401, F403
from .multimodal import *  # noqa: F401, F403
from .necks import *  # noqa: F401, F403
from .reducers import *  # noqa: F401, F403
from .text_encoders import *  # noqa: F401, F403
from .tokenizers import *  # noqa: F401, F403
