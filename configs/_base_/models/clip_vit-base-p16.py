# CLIP with a ViT-B/16: 149.62 M parameters.
_base_ = ['./clip.py', '../towers/vit-base-p16.py']

text_width = 512
model = dict(
    vision_backbone=_base_.tower,
    text_encoder=dict(embed_dims=text_width, num_heads=8),
    vision_neck=dict(in_channels=_base_.width, out_channels=text_width),
    text_neck=dict(in_channels=text_width, out_channels=text_width),
)
