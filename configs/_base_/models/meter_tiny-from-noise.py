# METER that two CPU cores train in minutes: a BERT of two layers and two pairs
# of co-attention layers.
_base_ = ['./meter.py', '../towers/vit-tiny-p8.py']

width, vocab_size, num_heads = _base_.width, 192, _base_.num_heads
init_std = 0.07  # 0.02 * (768 / 64) ** 0.5
model = dict(
    tokenizer=dict(type='elip_mm.SceneTokenizer', context_length=32),
    vision_backbone=_base_.tower,
    text_encoder=dict(
        vocab_size=vocab_size,
        context_length=32,
        config=dict(
            model_type='bert',
            hidden_size=width,
            num_hidden_layers=2,
            num_attention_heads=num_heads,
            intermediate_size=4 * width,
            hidden_dropout_prob=0.0,
            attention_probs_dropout_prob=0.0,
            initializer_range=init_std,
        ),
        pretrained=None,
    ),
    fusion=dict(
        text_dims=width,
        image_dims=width,
        embed_dims=width,
        num_layers=2,
        num_heads=num_heads,
        drop_rate=0.0,
        init_std=init_std,
    ),
    heads=dict(
        mlm=dict(embed_dims=width, vocab_size=vocab_size),
        itm=dict(embed_dims=width),
    ),
    mask_ratio=0.3,  # captions are short, and most words follow from others
)
