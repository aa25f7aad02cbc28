# METER with CLIP's ViT-B/32 and BERT.
_base_ = ['./meter.py', '../towers/meter_vit-base-p32.py']

width, vocab_size = _base_.width, 30522
model = dict(
    tokenizer=dict(
        type='elip_mm.HFTokenizer',
        name_or_path='bert-base-uncased',
        context_length=50,
    ),
    vision_backbone=_base_.tower,
    text_encoder=dict(
        vocab_size=vocab_size,
        config=dict(model_type='bert'),
        pretrained='bert-base-uncased',
    ),
    fusion=dict(
        text_dims=width,
        image_dims=width,
        embed_dims=width,
        num_layers=6,
        num_heads=_base_.num_heads,
        drop_rate=0.1,
    ),
    heads=dict(
        mlm=dict(embed_dims=width, vocab_size=vocab_size),
        itm=dict(embed_dims=width),
    ),
    mask_ratio=0.15,
)
