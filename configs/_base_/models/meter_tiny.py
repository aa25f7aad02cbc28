# METER that two CPU cores train in minutes: the image tower of the tiny
# CLIP, a BERT of two layers and two pairs of co-attention layers.
_base_ = './meter_vit-base-p32.py'

model = dict(
    tokenizer=dict(
        _delete_=True, type='elip_mm.SceneTokenizer', context_length=32
    ),
    vision_backbone=dict(
        arch=dict(
            _delete_=True,
            embed_dims=64,
            num_layers=6,
            num_heads=4,
            feedforward_channels=256,
        ),
        img_size=64,
        patch_size=8,
    ),
    text_encoder=dict(
        vocab_size=192,
        context_length=32,
        config=dict(
            _delete_=True,
            model_type='bert',
            hidden_size=64,
            num_hidden_layers=2,
            num_attention_heads=4,
            intermediate_size=256,
            hidden_dropout_prob=0.0,
            attention_probs_dropout_prob=0.0,
            initializer_range=0.07,  # 0.02 * (768 / 64) ** 0.5
        ),
        pretrained=None,
    ),
    fusion=dict(
        text_dims=64,
        image_dims=64,
        embed_dims=64,
        num_layers=2,
        num_heads=4,
        drop_rate=0.0,
        init_std=0.07,
    ),
    heads=dict(
        mlm=dict(embed_dims=64, vocab_size=192), itm=dict(embed_dims=64)
    ),
    mask_ratio=0.3,  # captions are short, and most words follow from others
)
