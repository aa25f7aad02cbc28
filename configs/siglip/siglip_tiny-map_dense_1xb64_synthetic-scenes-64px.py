_base_ = [
    '../_base_/models/siglip_tiny-map.py',
    '../_base_/datasets/short-synthetic-scenes-64px.py',
    '../_base_/schedules/clip_adamw-cosine_tiny-3e.py',
    '../_base_/tiny_runtime.py',
]
