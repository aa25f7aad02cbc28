# METER pre-training: 100 000 steps with a global batch of 4096, reached by
# 16 accumulated batches of 256 (8 x 32). All lengths count the small batches.
optim_wrapper = dict(
    type='OptimWrapper',
    # Unlike mmengine's own, it spares norms and biases under custom keys.
    constructor='elip_mm.CustomKeysOptimWrapperConstructor',
    accumulative_counts=16,
    optimizer=dict(
        type='AdamW', lr=1e-5, betas=(0.9, 0.98), eps=1e-8, weight_decay=0.01
    ),
    paramwise_cfg=dict(
        norm_decay_mult=0.0,
        bias_decay_mult=0.0,
        custom_keys={
            # What starts from scratch learns five times as fast ...
            'fusion.': dict(lr_mult=5.0),
            'heads.': dict(lr_mult=5.0),
            # ... except for the types, as published.
            'fusion.token_type_embeddings': dict(lr_mult=1.0),
        },
        bypass_duplicate=True,
    ),
)

param_scheduler = [
    dict(
        type='LinearLR',
        start_factor=1e-6,
        by_epoch=False,
        begin=0,
        end=160_000,
    ),
    # To zero at the end of training.
    dict(
        type='PolyLR',
        power=1.0,
        eta_min=0.0,
        by_epoch=False,
        begin=160_000,
        end=1_600_000,
    ),
]

train_cfg = dict(
    type='elip_mm.ResumableTrainLoop',
    max_iters=1_600_000,
    val_by_epoch=False,
    val_interval=40_000,
)

# With --auto-scale-lr the rate follows the batch before accumulation.
auto_scale_lr = dict(base_batch_size=256)
