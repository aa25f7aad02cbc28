_base_ = [
    '../_base_/models/siglip_tiny-map.py',
    '../_base_/datasets/synthetic-scenes-64px.py',
    '../_base_/schedules/clip_adamw-cosine_tiny-300.py',
    '../_base_/tiny_runtime.py',
]

default_hooks = dict(checkpoint=dict(interval=100))
