# What ALBEF and BLIP have in common at any size: soft targets from a momentum
# encoder, and matching.
model = dict(
    vision_backbone=dict(
        type='elip_mm.PrunedViT', norm_cfg=dict(type='LN', eps=1e-6)
    ),
    vision_neck=dict(type='mmpretrain.Linear'),
    text_neck=dict(type='mmpretrain.Linear'),
    guidance=dict(type='elip_mm.TextCLSGuidance'),
    heads=dict(
        itc=dict(type='elip_mm.MomentumContrastiveHead'),
        itm=dict(type='elip_mm.MatchingHead'),
    ),
)
