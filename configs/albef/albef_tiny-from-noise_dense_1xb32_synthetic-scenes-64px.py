# ALBEF on drawn scenes, within ten minutes on two cores: 12 epochs of 250
# steps. Matching makes validation slow, so there is one at the end.
_base_ = [
    '../_base_/models/albef_tiny-from-noise.py',
    '../_base_/datasets/momentum_synthetic-scenes-64px.py',
    '../_base_/schedules/albef_adamw-cosine_tiny.py',
    '../_base_/tiny_runtime.py',
]

custom_hooks = [*_base_.custom_hooks, _base_.alpha_hook]
train_cfg = dict(val_interval=_base_.tiny_epochs)
