# METER on drawn scenes: ten epochs of 200 steps.
_base_ = [
    '../_base_/models/meter_tiny-from-noise.py',
    '../_base_/datasets/meter_synthetic-scenes-64px.py',
    '../_base_/schedules/meter_adamw-linear_tiny.py',
    '../_base_/default_runtime.py',
]

train_cfg = dict(val_interval=2)
default_hooks = dict(checkpoint=dict(interval=200))
