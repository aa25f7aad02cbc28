_base_ = [
    './siglip_tiny-map-from-noise_dense_1xb64_synthetic-scenes-64px.py',
    '../_base_/reducers/elip_vit-6layer.py',
]

model = dict(vision_backbone=dict(reducer=_base_.reducer))
