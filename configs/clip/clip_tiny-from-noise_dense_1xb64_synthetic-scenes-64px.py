# The baseline of the quickstart, in which every patch stays: five epochs of
# 250 steps, each followed by a validation.
_base_ = [
    '../_base_/models/clip_tiny-from-noise.py',
    '../_base_/datasets/synthetic-scenes-64px.py',
    '../_base_/schedules/clip_adamw-cosine_tiny.py',
    '../_base_/tiny_runtime.py',
]
