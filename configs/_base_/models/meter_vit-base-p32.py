# METER with CLIP's ViT-B/32, whose last layer is left out, and BERT.
model = dict(
    type='elip_mm.METERPretrainer',
    tokenizer=dict(
        type='elip_mm.HFTokenizer',
        name_or_path='bert-base-uncased',
        context_length=50,
    ),
    vision_backbone=dict(
        type='elip_mm.PrunedViT',
        arch=dict(
            embed_dims=768,
            num_layers=11,
            num_heads=12,
            feedforward_channels=3072,
        ),
        img_size=224,
        patch_size=32,
        pre_norm=True,
        norm_cfg=dict(type='LN', eps=1e-5),
        layer_cfgs=dict(act_cfg=dict(type='mmpretrain.QuickGELU')),
    ),
    text_encoder=dict(
        type='elip_mm.HFTextEncoder',
        vocab_size=30522,
        config=dict(model_type='bert'),
        pretrained='bert-base-uncased',
    ),
    guidance=dict(type='elip_mm.TextCLSGuidance'),
    fusion=dict(
        type='elip_mm.CoAttentionFusion',
        text_dims=768,
        image_dims=768,
        embed_dims=768,
        num_layers=6,
        num_heads=12,
        drop_rate=0.1,
    ),
    heads=dict(
        mlm=dict(
            type='elip_mm.METERMLMHead', embed_dims=768, vocab_size=30522
        ),
        itm=dict(type='elip_mm.METERITMHead', embed_dims=768),
    ),
    mask_ratio=0.15,
    whole_words=True,
)
