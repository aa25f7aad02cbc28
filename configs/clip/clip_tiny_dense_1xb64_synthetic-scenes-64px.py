# The baseline of the quickstart, in which every patch stays: 300 steps from a
# tower that can see.
_base_ = [
    '../_base_/models/clip_tiny.py',
    '../_base_/datasets/synthetic-scenes-64px.py',
    '../_base_/schedules/clip_adamw-cosine_tiny-300.py',
    '../_base_/tiny_runtime.py',
]

default_hooks = dict(checkpoint=dict(interval=100))
