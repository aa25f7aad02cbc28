# Captions of drawn scenes, half of them 'easy', half 'medium', without images.
# One epoch has them all.
_base_ = ['./pairs.py', './synthetic-scenes.py']

captions = dict(
    _base_.train_scenes,
    draw=False,
    num_scenes=96000,
    pipeline=[
        dict(
            type='mmpretrain.PackInputs',
            algorithm_keys=['text'],
            meta_keys=['image_id'],
        ),
    ],
)
train_dataloader = dict(
    _base_.scenes_loader,
    batch_size=64,
    dataset=dict(
        type='ConcatDataset',
        ignore_keys='classes',  # those of whole scenes
        datasets=[
            dict(captions, level='easy'),
            dict(captions, level='medium'),
        ],
    ),
)
