_base_ = [
    './albef_tiny-from-noise_dense_1xb32_synthetic-scenes-64px.py',
    '../_base_/reducers/elip_vit-6layer.py',
]

model = dict(vision_backbone=dict(reducer=_base_.reducer))
