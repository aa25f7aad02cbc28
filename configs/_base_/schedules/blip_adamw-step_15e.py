# BLIP pre-training: 15 epochs with a global batch of 168 (4 x 42).
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(
        type='AdamW', lr=1e-4, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.05
    ),
    # The published code decays everything, norms and temperature included;
    # `paramwise_cfg=None` does the same.
    paramwise_cfg=dict(
        norm_decay_mult=0.0,
        bias_decay_mult=0.0,
        flat_decay_mult=0.0,
        custom_keys={
            'temp': dict(decay_mult=0.0),
            'cls_token': dict(decay_mult=0.0),
            'pos_embed': dict(decay_mult=0.0),
        },
    ),
)

# Linear from 1e-6 to 1e-4 in 3000 iterations, then times 0.9 once an epoch.
param_scheduler = dict(
    type='elip_mm.BLIPLR',
    decay=0.9,
    warmup_from=1e-6,
    warmup_iters=3000,
    lowest=1e-6,
    convert_to_iter_based=True,
)

train_cfg = dict(type='elip_mm.ResumableTrainLoop', max_epochs=15)

# With --auto-scale-lr the rate follows the global batch in proportion.
auto_scale_lr = dict(base_batch_size=168)
