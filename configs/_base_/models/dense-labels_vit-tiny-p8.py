# The tiny image tower, which says of every patch what it shows.
_base_ = '../towers/vit-tiny-p8.py'

model = dict(
    type='mmpretrain.ImageClassifier',
    backbone=dict(
        type='elip_mm.PrunedViT',
        norm_cfg=dict(type='LN', eps=1e-6),
        out_type='featmap',
        **_base_.tower,
    ),
    head=dict(
        type='elip_mm.DenseLabelHead',
        in_channels=_base_.width,
        num_classes=dict(shape=13, colour=13),  # the ground is one of them
    ),
)
