# What all data of image-caption pairs have in common, drawn or read: colours
# as in CLIP, and the loader of training.
data_preprocessor = dict(
    type='mmpretrain.MultiModalDataPreprocessor',
    mean=[122.7709383, 116.7460125, 104.09373615],
    std=[68.5005327, 66.6321579, 70.32316305],
    to_rgb=True,
)

train_dataloader = dict(
    # A repeated sample would be its own false negative.
    sampler=dict(type='elip_mm.KeyedSampler', shuffle=True, round_up=False),
    collate_fn=dict(type='elip_mm.stack_pairs'),
    drop_last=True,
)
