# ALBEF's and BLIP's common part in a size that two CPU cores train in minutes:
# the tiny image tower and a narrow text encoder.
_base_ = ['./momentum.py', '../towers/vit-tiny-p8.py']

# A joint space of a quarter of the width; full size has a third.
width, joint_dims = _base_.width, _base_.width // 4
vocab_size = 192
model = dict(
    tokenizer=dict(
        name_or_path=None,  # the vocabulary that comes with the package
        context_length=32,
    ),
    vision_backbone=_base_.tower,
    text_encoder=dict(
        vocab_size=vocab_size,
        context_length=32,
        embed_dims=width,
        num_heads=_base_.num_heads,
        dropout=0.0,
        init_std=0.07,  # 0.02 * (768 / 64) ** 0.5
    ),
    vision_neck=dict(in_features=width, out_features=joint_dims),
    text_neck=dict(in_features=width, out_features=joint_dims),
    # Most wrong pairs are drawn blindly. Drawn as the contrastive loss likes
    # them, they tell nothing of what it knows, and matching had to start
    # where that loss ends, which a short run does not reach.
    heads=dict(itm=dict(embed_dims=width, floor=0.2)),
    # Features change fast in a short run. Old ones in a longer queue would be
    # told apart by their age, which is no reason to learn anything else, and
    # so would those of a fast momentum encoder.
    queue_size=32,
    joint_dims=joint_dims,
    momentum=0.99,
    task=dict(k_test=16, score='logit_margin'),
)
