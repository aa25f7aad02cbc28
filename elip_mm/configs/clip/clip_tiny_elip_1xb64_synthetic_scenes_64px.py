# Copyright (c) elip_mm contributors. All rights reserved.
# The tiny CLIP with ELIP in the style of Python modules: types are classes, to
# which an editor can jump, and bases are imported.
from mmengine.config import read_base

with read_base():
    from .._base_.datasets.synthetic_scenes_64px import *
    from .._base_.default_runtime import *
    from .._base_.models.clip_tiny import *
    from .._base_.reducers.elip_vit_6layer import *
    from .._base_.schedules.clip_adamw_cosine_tiny import *

model.update(vision_backbone=dict(reducer=reducer))

train_dataloader['dataset'].update(num_scenes=6400)
default_hooks['checkpoint'].update(interval=100)
