# Copyright (c) elip_mm contributors. All rights reserved.
# CLIP on the drawn scenes from a tower that can see: three short epochs.
from mmengine.optim import CosineAnnealingLR, LinearLR, OptimWrapper
from torch.optim import AdamW

from elip_mm.engine.loops import ResumableTrainLoop
from elip_mm.engine.optimizers import CustomKeysOptimWrapperConstructor

optim_wrapper = dict(
    type=OptimWrapper,
    constructor=CustomKeysOptimWrapperConstructor,
    optimizer=dict(
        type=AdamW, lr=2e-3, betas=(0.9, 0.98), eps=1e-6, weight_decay=0.1
    ),
    paramwise_cfg=dict(
        norm_decay_mult=0.0,
        bias_decay_mult=0.0,
        flat_decay_mult=0.0,
        custom_keys={
            'cls_token': dict(decay_mult=0.0),
            # What the tower has learned survives a low rate only.
            'vision_backbone': dict(lr_mult=0.05),
            'vision_backbone.cls_token': dict(lr_mult=0.05, decay_mult=0.0),
            'vision_backbone.pos_embed': dict(lr_mult=0.05, decay_mult=0.0),
        },
        bypass_duplicate=True,
    ),
)

param_scheduler = [
    # base * (step + 1) / 50
    dict(type=LinearLR, start_factor=0.02, by_epoch=False, begin=0, end=50),
    # To zero at the end of training, which the runner fills in.
    dict(type=CosineAnnealingLR, eta_min=0.0, by_epoch=False, begin=50),
]

train_cfg = dict(type=ResumableTrainLoop, max_epochs=3)

auto_scale_lr = dict(base_batch_size=64)
