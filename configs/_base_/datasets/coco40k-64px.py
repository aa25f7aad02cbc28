# Photographs of everyday scenes with one caption each, at 64 px. With
# `data_root` and the names of the files changed, these are recipes for COCO.
_base_ = ['./retrieval.py']

size = 64
photographs = dict(
    type='elip_mm.ImageTextPairs', data_root='data/coco40k', data_prefix=''
)
load = dict(type='mmpretrain.LoadImageFromFile')
train_pipeline = [
    load,
    # No flip: captions say left and right.
    dict(
        type='mmpretrain.RandomResizedCrop',
        scale=size,
        crop_ratio_range=(0.6, 1.0),
        backend='pillow',
        interpolation='bicubic',
    ),
    dict(
        type='mmpretrain.PackInputs',
        algorithm_keys=['text'],
        meta_keys=['image_id', 'img_path'],
    ),
]
test_pipeline = [
    load,
    dict(
        type='mmpretrain.ResizeEdge',
        scale=size,
        edge='short',
        backend='pillow',
        interpolation='bicubic',
    ),
    dict(type='mmpretrain.CenterCrop', crop_size=size),
    dict(
        type='mmpretrain.PackInputs',
        algorithm_keys=['text', 'gt_text_id', 'gt_image_id'],
        meta_keys=['image_id', 'img_path'],
    ),
]

train_dataloader = dict(
    batch_size=128,
    num_workers=1,
    persistent_workers=True,
    dataset=dict(photographs, ann_file='train.json', pipeline=train_pipeline),
)
val_dataloader = dict(
    batch_size=128,
    num_workers=1,
    persistent_workers=True,
    dataset=dict(
        photographs,
        ann_file='val.json',
        pipeline=test_pipeline,
        test_mode=True,
    ),
)
test_dataloader = dict(
    val_dataloader,
    dataset=dict(
        photographs,
        ann_file='test.json',
        pipeline=test_pipeline,
        test_mode=True,
    ),
)
