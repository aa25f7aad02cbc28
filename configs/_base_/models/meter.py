# METER: two encoders, co-attention, masked words and matching. A size comes
# with the files that inherit from this one.
model = dict(
    type='elip_mm.METERPretrainer',
    vision_backbone=dict(
        type='elip_mm.PrunedViT',
        pre_norm=True,
        norm_cfg=dict(type='LN', eps=1e-5),
        layer_cfgs=dict(act_cfg=dict(type='mmpretrain.QuickGELU')),
    ),
    text_encoder=dict(type='elip_mm.HFTextEncoder'),
    guidance=dict(type='elip_mm.TextCLSGuidance'),
    fusion=dict(type='elip_mm.CoAttentionFusion'),
    heads=dict(
        mlm=dict(type='elip_mm.METERMLMHead'),
        itm=dict(type='elip_mm.METERITMHead'),
    ),
    whole_words=True,
)
