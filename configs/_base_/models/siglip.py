# What turns a CLIP of any size into a SigLIP, for `model = _base_.siglip`.
siglip = dict(
    type='elip_mm.SigLIPPretrainer',
    heads=dict(_delete_=True, sigmoid=dict(type='elip_mm.SigmoidHead')),
)

# What turns its image tower into SigLIP's own, which pools by attention
# ("MAP"): there is no class token, so the look-ahead gets a summary token in
# its place.
map_tower = dict(
    with_cls_token=False,
    out_type='raw',
    pre_norm=False,
    norm_cfg=dict(eps=1e-6),
    layer_cfgs=dict(act_cfg=dict(type='GELU', approximate='tanh')),
)
map_neck = dict(_delete_=True, type='elip_mm.AttentionPooling')
