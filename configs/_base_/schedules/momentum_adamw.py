# The optimiser of ALBEF and BLIP. Their rates, weight decay and numbers of
# epochs come with the files that inherit from this one.
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='AdamW', lr=1e-4, betas=(0.9, 0.999), eps=1e-8),
    paramwise_cfg=dict(
        # No decay for anything with less than two dimensions ...
        norm_decay_mult=0.0,
        bias_decay_mult=0.0,
        flat_decay_mult=0.0,
        # ... and for what ALBEF's published code decays by accident: two
        # tensors of shape (1, N, C). The models spare the temperature.
        custom_keys={
            'cls_token': dict(decay_mult=0.0),
            'pos_embed': dict(decay_mult=0.0),
        },
    ),
)

train_cfg = dict(type='elip_mm.ResumableTrainLoop')
