_base_ = [
    '../_base_/models/siglip_tiny.py',
    '../_base_/datasets/short-synthetic-scenes-64px.py',
    '../_base_/schedules/clip_adamw-cosine_tiny-3e.py',
    '../_base_/tiny_runtime.py',
]

optim_wrapper = _base_.gentle_optim
