# The baseline of the quickstart, in which every patch stays: three epochs of
# 100 steps, each followed by a validation, from a tower that can see.
_base_ = [
    '../_base_/models/clip_tiny.py',
    '../_base_/datasets/short-synthetic-scenes-64px.py',
    '../_base_/schedules/clip_adamw-cosine_tiny-3e.py',
    '../_base_/tiny_runtime.py',
]

optim_wrapper = _base_.gentle_optim
