# CLIP: two towers and a contrastive loss. A size comes with the files that
# inherit from this one.
model = dict(
    type='elip_mm.CLIPPretrainer',
    tokenizer=dict(
        type='elip_mm.CLIPBPETokenizer',
        name_or_path='openai/clip-vit-base-patch16',
    ),
    vision_backbone=dict(
        type='elip_mm.PrunedViT',
        pre_norm=True,
        norm_cfg=dict(type='LN', eps=1e-5),
    ),
    text_encoder=dict(
        type='elip_mm.CLIPTextEncoder',
        vocab_size=49408,
        context_length=77,
        num_layers=12,
    ),
    vision_neck=dict(type='elip_mm.JointProjection'),
    text_neck=dict(type='elip_mm.JointProjection'),
    guidance=dict(type='elip_mm.TiedProjectionGuidance'),
    heads=dict(contrastive=dict(type='elip_mm.ContrastiveHead')),
)
