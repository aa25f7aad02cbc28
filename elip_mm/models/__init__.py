# Copyright (c) elip_mm contributors. All rights reserved.
# mmpretrain's registries are our parents, and a lookup in a parent does not
# trigger the parent's own lazy import.
import mmpretrain.models  # noqa: F401

from .backbones import *  # noqa: F401, F403
from .reducers import *  # noqa: F401, F403
