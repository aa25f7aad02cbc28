# Copyright (c) elip_mm contributors. All rights reserved.
# mmpretrain's registries are our parents, and a lookup in a parent does not
# trigger the parent's own lazy import.
import mmpretrain.engine

import elip_mm.checkpoint

from .hooks import *
from .loops import *
from .optimizers import *
from .schedulers import *
