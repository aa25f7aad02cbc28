_base_ = [
    '../_base_/models/siglip_tiny-map-from-noise.py',
    '../_base_/datasets/synthetic-scenes-64px.py',
    '../_base_/schedules/clip_adamw-cosine_tiny.py',
    '../_base_/tiny_runtime.py',
]
