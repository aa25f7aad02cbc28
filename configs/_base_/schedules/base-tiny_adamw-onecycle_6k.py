# One cycle of the rate over 6 000 steps of 64 scenes, which are one epoch.
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(
        type='AdamW', lr=2e-3, betas=(0.9, 0.98), weight_decay=0.05
    ),
    paramwise_cfg=dict(
        norm_decay_mult=0.0, bias_decay_mult=0.0, flat_decay_mult=0.0
    ),
)

steps = 6000
param_scheduler = dict(
    type='OneCycleLR',
    eta_max=2e-3,
    total_steps=steps,
    pct_start=0.1,
    by_epoch=False,
)

train_cfg = dict(type='elip_mm.ResumableTrainLoop', max_epochs=1)
