_base_ = [
    '../_base_/models/meter_tiny.py',
    '../_base_/datasets/matching/meter_synthetic-scenes_64px.py',
    '../_base_/schedules/meter_adamw-linear_tiny.py',
    '../_base_/default_runtime.py',
]

# Five short epochs of 250 steps, each followed by a validation.
train_dataloader = dict(dataset=dict(num_scenes=16000))
default_hooks = dict(checkpoint=dict(interval=250))
