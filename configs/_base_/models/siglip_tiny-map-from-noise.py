# SigLIP's own kind of image tower, which pools by attention ("MAP"), in the
# size of the tiny CLIP.
_base_ = './siglip_tiny-from-noise.py'

model = dict(
    vision_backbone=_base_.map_tower,
    vision_neck=dict(
        _base_.map_neck, in_channels=_base_.width, num_heads=_base_.num_heads
    ),
)
