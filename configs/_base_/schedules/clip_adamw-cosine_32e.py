# CLIP pre-training: 32 epochs with a global batch of 1760 (4 x 440), of about
# 5744 iterations each for 10.1 million pairs.
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(
        type='AdamW', lr=1e-3, betas=(0.9, 0.98), eps=1e-6, weight_decay=0.1
    ),
    paramwise_cfg=dict(
        # No decay for anything with less than two dimensions ...
        norm_decay_mult=0.0,
        bias_decay_mult=0.0,
        flat_decay_mult=0.0,
        # ... of which class tokens in their (1, 1, C) would otherwise not
        # count as flat. Scales and biases of logits are spared by the models.
        custom_keys={'cls_token': dict(decay_mult=0.0)},
        # Models may share parameters, as guidance does with the projection.
        bypass_duplicate=True,
    ),
)

param_scheduler = [
    # base * (step + 1) / 10 000
    dict(
        type='LinearLR', start_factor=1e-4, by_epoch=False, begin=0, end=10000
    ),
    # To zero at the end of training, which the runner fills in.
    dict(type='CosineAnnealingLR', eta_min=0.0, by_epoch=False, begin=10000),
]

train_cfg = dict(type='elip_mm.ResumableTrainLoop', max_epochs=32)

# With --auto-scale-lr the rate follows the global batch in proportion.
auto_scale_lr = dict(base_batch_size=1760)
