# BLIP that two CPU cores train in minutes: the image tower of the tiny CLIP,
# and a text encoder and decoder of 3 layers.
_base_ = './blip_vit-base-p16.py'

model = dict(
    tokenizer=dict(
        _delete_=True,
        type='elip_mm.BLIPTokenizer',
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
        num_layers=3,
        num_heads=4,
        dropout=0.0,
        init_std=0.07,  # 0.02 * (768 / 64) ** 0.5
        init_cfg=None,
    ),
    # A joint space of a quarter of the width; full size has a third.
    vision_neck=dict(in_features=64, out_features=16),
    text_neck=dict(in_features=64, out_features=16),
    heads=dict(
        # Most wrong pairs are drawn blindly. Drawn as the contrast likes
        # them, they tell nothing of what it knows, and matching had to start
        # where contrast ends, which a short run does not reach.
        itm=dict(embed_dims=64, floor=0.2),
        lm=dict(embed_dims=64, vocab_size=192, predictor=None),
    ),
    # Features change fast in a short run. Old ones in a longer queue would be
    # told apart by their age, which is no reason to learn anything else, and
    # so would those of a fast teacher.
    queue_size=32,
    joint_dims=16,
    momentum=0.99,
    task=dict(k_test=16, score='logit_margin'),
)

alpha_hook = dict(alpha=0.1)
