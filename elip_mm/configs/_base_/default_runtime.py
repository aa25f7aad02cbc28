# Copyright (c) elip_mm contributors. All rights reserved.
# configs/_base_/default_runtime.py with types as classes; see there.
from mmengine.hooks import (
    DistSamplerSeedHook,
    IterTimerHook,
    LoggerHook,
    ParamSchedulerHook,
)
from mmengine.visualization import LocalVisBackend
from mmpretrain.visualization import UniversalVisualizer

from elip_mm.checkpoint import CheckpointHook
from elip_mm.engine.hooks import (
    KeyedRandomnessHook,
    NonFiniteHook,
    TokenVisualizationHook,
)

default_scope = 'elip_mm'

default_hooks = dict(
    timer=dict(type=IterTimerHook),
    logger=dict(type=LoggerHook, interval=50),
    param_scheduler=dict(type=ParamSchedulerHook),
    checkpoint=dict(
        type=CheckpointHook,
        by_epoch=False,
        interval=1000,
        max_keep_ckpts=2,
    ),
    sampler_seed=dict(type=DistSamplerSeedHook),
    randomness=dict(type=KeyedRandomnessHook),
    non_finite=dict(type=NonFiniteHook, action='stop'),
    visualization=dict(type=TokenVisualizationHook, enable=False),
)

custom_hooks = []

env_cfg = dict(
    cudnn_benchmark=False,
    mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0),
    dist_cfg=dict(backend='nccl'),
)

vis_backends = [dict(type=LocalVisBackend)]
visualizer = dict(type=UniversalVisualizer, vis_backends=vis_backends)

log_processor = dict(window_size=50)
log_level = 'INFO'

load_from = None
load_strict = True
resume = False
resume_settings = 'checkpoint'

randomness = dict(seed=0, deterministic=False)
