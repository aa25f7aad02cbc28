# CLIP on 29 000 photographs: 24 epochs of 226 steps.
_base_ = './clip_adamw-cosine_32e.py'

optim_wrapper = dict(optimizer=dict(lr=1e-3))
param_scheduler = [
    # base * (step + 1) / 200
    dict(
        type='LinearLR', start_factor=0.005, by_epoch=False, begin=0, end=200
    ),
    dict(type='CosineAnnealingLR', eta_min=0.0, by_epoch=False, begin=200),
]

train_cfg = dict(max_epochs=24, val_interval=2)

auto_scale_lr = dict(base_batch_size=128)
