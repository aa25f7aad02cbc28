# The quickstart's yardstick: every patch stays.
_base_ = [
    '../_base_/models/clip_tiny.py',
    '../_base_/datasets/synthetic-scenes_64px.py',
    '../_base_/schedules/clip_adamw-cosine_tiny.py',
    '../_base_/default_runtime.py',
]
