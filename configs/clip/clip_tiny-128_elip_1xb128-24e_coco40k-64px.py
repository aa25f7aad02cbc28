_base_ = [
    './clip_tiny-128_dense_1xb128-24e_coco40k-64px.py',
    '../_base_/reducers/elip_vit-6layer.py',
]

model = dict(vision_backbone=dict(reducer=_base_.reducer))
