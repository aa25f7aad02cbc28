# SigLIP's own image tower: no class token, attention pooling, joint features
# as wide as the tower. The look-ahead gets a summary token in its place.
_base_ = './siglip_vit-base-p16.py'

model = dict(
    vision_backbone=dict(
        with_cls_token=False,
        out_type='raw',
        pre_norm=False,
        norm_cfg=dict(eps=1e-6),
        layer_cfgs=dict(act_cfg=dict(type='GELU', approximate='tanh')),
    ),
    vision_neck=dict(
        _delete_=True,
        type='elip_mm.AttentionPooling',
        in_channels=768,
        num_heads=12,
    ),
    text_neck=dict(out_channels=768),
)
