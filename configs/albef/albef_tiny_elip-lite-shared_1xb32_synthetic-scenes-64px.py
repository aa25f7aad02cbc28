# A look-ahead of one layer, and a momentum encoder that follows the
# online tower.
_base_ = [
    './albef_tiny_dense_1xb32_synthetic-scenes-64px.py',
    '../_base_/reducers/elip-lite_vit-6layer.py',
]

model = dict(
    vision_backbone=dict(reducer=_base_.reducer), share_reduction=True
)
