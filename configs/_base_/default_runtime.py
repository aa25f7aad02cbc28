# Types without a prefix are looked up here first, then in mmpretrain.
default_scope = 'elip_mm'

# What no run should lose, and what therefore is not in `custom_hooks`.
default_hooks = dict(
    timer=dict(type='IterTimerHook'),
    logger=dict(type='LoggerHook', interval=50),
    param_scheduler=dict(type='ParamSchedulerHook'),
    # By iteration, for epochs of pre-training take hours; see the docs on
    # resuming. A recipe whose epochs are short may choose its own interval.
    checkpoint=dict(
        type='elip_mm.CheckpointHook',
        by_epoch=False,
        interval=1000,
        max_keep_ckpts=2,
    ),
    sampler_seed=dict(type='DistSamplerSeedHook'),
    # Without it a resumed run does not repeat the one that was stopped.
    randomness=dict(type='elip_mm.KeyedRandomnessHook'),
    # Stops if losses or gradients are NaN; action='skip' leaves steps out.
    non_finite=dict(type='elip_mm.NonFiniteHook', action='stop'),
    # What tools/test.py --show-dir draws.
    visualization=dict(type='elip_mm.TokenVisualizationHook', enable=False),
)

# Free for recipes to set.
custom_hooks = []

env_cfg = dict(
    cudnn_benchmark=False,
    mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0),
    # On a machine without accelerators the tools choose gloo instead.
    dist_cfg=dict(backend='nccl'),
)

vis_backends = [dict(type='LocalVisBackend')]
visualizer = dict(
    type='mmpretrain.UniversalVisualizer', vis_backends=vis_backends
)

# Losses are averaged over as many iterations as lie between two log lines.
log_processor = dict(window_size=50)
log_level = 'INFO'

load_from = None
# Whether load_from has to hold every weight of the model and no other; set
# False to start from a part, such as a backbone.
load_strict = True
resume = False
# What rules when a run resumes with another schedule or rate: that of the
# 'checkpoint', or that of the 'config'. Differences are told in any case.
resume_settings = 'checkpoint'

randomness = dict(seed=0, deterministic=False)
