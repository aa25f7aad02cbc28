# For the embedded data: the length of an epoch is that of the data set.
_base_ = ['./clip_adamw-cosine_32e.py']

param_scheduler = [
    # base * (step + 1) / 50
    dict(type='LinearLR', start_factor=0.02, by_epoch=False, begin=0, end=50),
    dict(type='CosineAnnealingLR', eta_min=0.0, by_epoch=False, begin=50),
]

train_cfg = dict(max_epochs=2)

auto_scale_lr = dict(base_batch_size=64)
