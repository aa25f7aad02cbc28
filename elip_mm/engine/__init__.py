# Copyright (c) elip_mm contributors. All rights reserved.
# mmpretrain's registries are our parents, and a lookup in a parent does not
# trigger the parent's own lazy import.
import mmpretrain.engine

from . import checkpoint_loader
from .hooks import *
from .loops import *
from .metrics import *
from .optimizers import *
from .schedulers import *
