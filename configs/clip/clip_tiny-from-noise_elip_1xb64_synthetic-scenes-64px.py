_base_ = [
    './clip_tiny-from-noise_dense_1xb64_synthetic-scenes-64px.py',
    '../_base_/reducers/elip_vit-6layer.py',
]

model = dict(vision_backbone=dict(reducer=_base_.reducer))
