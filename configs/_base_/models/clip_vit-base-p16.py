# CLIP with a ViT-B/16: 149.62 M parameters.
_base_ = './clip_vit-small-p16.py'

model = dict(
    vision_backbone=dict(arch='base'),
    text_encoder=dict(embed_dims=512, num_heads=8),
    vision_neck=dict(in_channels=768, out_channels=512),
    text_neck=dict(in_channels=512, out_channels=512),
)
