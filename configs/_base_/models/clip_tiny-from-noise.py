# CLIP that two CPU cores train in minutes: a text tower of 4 layers, and the
# tokenizer of the drawn scenes.
_base_ = ['./clip.py', '../towers/vit-tiny-p8.py']

width = _base_.width
model = dict(
    tokenizer=dict(_delete_=True, type='elip_mm.SceneTokenizer'),
    vision_backbone=_base_.tower,
    text_encoder=dict(
        vocab_size=512,
        context_length=32,
        embed_dims=width,
        num_layers=4,
        num_heads=_base_.num_heads,
    ),
    vision_neck=dict(in_channels=width, out_channels=width),
    text_neck=dict(in_channels=width, out_channels=width),
)
