# CLIP on the drawn scenes, within minutes.
_base_ = './clip_adamw-cosine_32e.py'

param_scheduler = [
    # base * (step + 1) / 50
    dict(type='LinearLR', start_factor=0.02, by_epoch=False, begin=0, end=50),
    dict(type='CosineAnnealingLR', eta_min=0.0, by_epoch=False, begin=50),
]

train_cfg = dict(max_epochs=5)

auto_scale_lr = dict(base_batch_size=64)
