# Copyright (c) elip_mm contributors. All rights reserved.
# mmpretrain's registries are our parents, and a lookup in a parent does not
# trigger the parent's own lazy import.
import mmpretrain.models

from .backbones import *
from .fusion import *
from .guidance import *
from .heads import *
from .momentum import *
from .multimodal import *
from .necks import *
from .pretrainers import *
from .reducers import *
from .tasks import *
from .text_encoders import *
from .tokenizers import *
