# METER on drawn scenes from towers that see and read: ten epochs of 100 steps.
_base_ = [
    '../_base_/models/meter_tiny.py',
    '../_base_/datasets/meter_synthetic-scenes-64px.py',
    '../_base_/schedules/meter_adamw-linear_tiny.py',
    '../_base_/default_runtime.py',
]

train_dataloader = dict(dataset=dict(num_scenes=3200))
train_cfg = dict(val_interval=5)
default_hooks = dict(checkpoint=dict(interval=100))
optim_wrapper = _base_.gentle_optim
