# SigLIP's own kind of image tower in the size of the tiny CLIP.
_base_ = './siglip_tiny.py'

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
        in_channels=64,
        num_heads=4,
    ),
)
