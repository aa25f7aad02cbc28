# ALBEF pre-training: 20 epochs with a global batch of 160 (4 x 40).
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(
        type='AdamW', lr=1e-4, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.02
    ),
    paramwise_cfg=dict(
        # No decay for anything with less than two dimensions ...
        norm_decay_mult=0.0,
        bias_decay_mult=0.0,
        flat_decay_mult=0.0,
        # ... and for what the published code decays by accident: a scalar,
        # and two tensors of shape (1, N, C).
        custom_keys={
            'temp': dict(decay_mult=0.0),
            'cls_token': dict(decay_mult=0.0),
            'pos_embed': dict(decay_mult=0.0),
        },
    ),
)

# From 1e-5 in ten steps of 100 iterations to 1e-4, then a cosine to 1e-5 that
# moves once an epoch.
param_scheduler = dict(
    type='elip_mm.ALBEFLR',
    num_epochs=20,
    warmup_from=1e-5,
    warmup_steps=10,
    step_length=100,
    lowest=1e-5,
    convert_to_iter_based=True,
)

train_cfg = dict(type='elip_mm.ResumableTrainLoop', max_epochs=20)

# With --auto-scale-lr the rate follows the global batch in proportion.
auto_scale_lr = dict(base_batch_size=160)
