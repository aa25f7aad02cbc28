# CLIP with a ViT-S/16, the size of ELIP's own CLIP recipe: 62.26 M parameters.
_base_ = ['./clip.py', '../towers/vit-small-p16.py']

width = _base_.width
model = dict(
    vision_backbone=_base_.tower,
    # The text tower is as wide as the image tower.
    text_encoder=dict(embed_dims=width, num_heads=_base_.num_heads),
    vision_neck=dict(in_channels=width, out_channels=width),
    text_neck=dict(in_channels=width, out_channels=width),
)
