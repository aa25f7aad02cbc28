# SigLIP's own image tower, which pools by attention ("MAP"); joint features
# are as wide as the tower.
_base_ = './siglip_vit-base-p16.py'

model = dict(
    vision_backbone=_base_.map_tower,
    vision_neck=dict(
        _base_.map_neck, in_channels=_base_.width, num_heads=_base_.num_heads
    ),
    text_neck=dict(out_channels=_base_.width),
)
