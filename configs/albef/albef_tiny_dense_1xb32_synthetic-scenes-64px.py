# ALBEF on drawn scenes from towers that see and read: 12 epochs of 100 steps.
# Matching makes validation slow, so there is one at the end.
_base_ = [
    '../_base_/models/albef_tiny.py',
    '../_base_/datasets/momentum_synthetic-scenes-64px.py',
    '../_base_/schedules/albef_adamw-cosine_tiny.py',
    '../_base_/tiny_runtime.py',
]

custom_hooks = [*_base_.custom_hooks, _base_.alpha_hook]
train_dataloader = dict(dataset=dict(num_scenes=3200))
train_cfg = dict(val_interval=_base_.tiny_epochs)
optim_wrapper = _base_.gentle_optim
