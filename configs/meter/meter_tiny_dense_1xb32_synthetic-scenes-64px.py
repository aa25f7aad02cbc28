_base_ = [
    '../_base_/models/meter_tiny.py',
    '../_base_/datasets/matching/meter_synthetic-scenes_64px.py',
    '../_base_/schedules/meter_adamw-linear_tiny.py',
    '../_base_/default_runtime.py',
]

# Ten epochs of 200 steps. Nothing but reading teaches the image tower, so the
# scenes are the plainest ones.
train_dataloader = dict(
    batch_size=32, dataset=dict(level='plain', num_scenes=6400)
)
val_dataloader = dict(dataset=dict(dataset=dict(level='plain')))
test_dataloader = dict(dataset=dict(dataset=dict(level='plain')))
train_cfg = dict(val_interval=2)
default_hooks = dict(checkpoint=dict(interval=200))
