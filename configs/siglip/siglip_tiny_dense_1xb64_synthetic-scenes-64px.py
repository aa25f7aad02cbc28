_base_ = [
    '../_base_/models/siglip_tiny.py',
    '../_base_/datasets/synthetic-scenes_64px.py',
    '../_base_/schedules/siglip_adamw-cosine_tiny.py',
    '../_base_/default_runtime.py',
]

# Five short epochs, each followed by a validation.
train_cfg = dict(max_epochs=5)
train_dataloader = dict(dataset=dict(num_scenes=16000))
default_hooks = dict(checkpoint=dict(interval=250))
