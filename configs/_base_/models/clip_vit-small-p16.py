# CLIP with a ViT-S/16, the size of ELIP's own CLIP recipe: 62.26 M parameters.
model = dict(
    type='elip_mm.CLIPPretrainer',
    tokenizer=dict(
        type='elip_mm.CLIPBPETokenizer',
        name_or_path='openai/clip-vit-base-patch16',
    ),
    vision_backbone=dict(
        type='elip_mm.PrunedViT',
        arch='deit-small',  # mmpretrain's 'small' is 768 wide
        img_size=224,
        patch_size=16,
        pre_norm=True,
        norm_cfg=dict(type='LN', eps=1e-5),
    ),
    text_encoder=dict(
        type='elip_mm.CLIPTextEncoder',
        vocab_size=49408,
        context_length=77,
        embed_dims=384,
        num_layers=12,
        num_heads=6,
    ),
    vision_neck=dict(
        type='elip_mm.JointProjection', in_channels=384, out_channels=384
    ),
    text_neck=dict(
        type='elip_mm.JointProjection', in_channels=384, out_channels=384
    ),
    guidance=dict(type='elip_mm.TiedProjectionGuidance'),
    heads=dict(contrastive=dict(type='elip_mm.ContrastiveHead')),
)
