# ALBEF that two CPU cores train in minutes: the image tower of the tiny CLIP,
# and a text encoder of 2 + 2 layers.
_base_ = './albef_vit-base-p16.py'

model = dict(
    tokenizer=dict(
        _delete_=True,
        type='elip_mm.ALBEFTokenizer',
        name_or_path=None,  # the vocabulary that comes with the package
        context_length=32,
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
        init_cfg=None,
    ),
    text_encoder=dict(
        vocab_size=192,
        context_length=32,
        embed_dims=64,
        num_layers=4,
        num_heads=4,
        fusion_layer=2,
        dropout=0.0,
        init_cfg=None,
    ),
    vision_neck=dict(in_features=64, out_features=64),
    text_neck=dict(in_features=64, out_features=64),
    heads=dict(
        itm=dict(embed_dims=64),
        mlm=dict(embed_dims=64, vocab_size=192, predictor=None),
    ),
    queue_size=1024,
    joint_dims=64,
    # A short run: a slow teacher would still be near its random start.
    momentum=0.98,
    k_test=16,
)
