# CC12M, COCO and SBU as lists of image-caption pairs, cropped as for CLIP.
_base_ = './image-text-pairs.py'

train_pipeline = [
    _base_.load,
    # No flip: captions say left and right.
    dict(
        type='mmpretrain.RandomResizedCrop',
        scale=224,
        crop_ratio_range=(0.9, 1.0),
        backend='pillow',
        interpolation='bicubic',
    ),
    _base_.train_pack,
]
test_pipeline = [
    _base_.load,
    dict(
        type='mmpretrain.ResizeEdge',
        scale=224,
        edge='short',
        backend='pillow',
        interpolation='bicubic',
    ),
    dict(type='mmpretrain.CenterCrop', crop_size=224),
    _base_.test_pack,
]

train_dataloader = dict(
    batch_size=440,  # a GPU; the published recipe has 4 of them
    num_workers=8,
    dataset=dict(
        ann_file=[
            'annotations/cc12m.json',
            'annotations/coco_karpathy_train.json',
            'annotations/sbu.json',
        ],
        pipeline=train_pipeline,
    ),
)
loader = dict(batch_size=128, num_workers=8)
val_dataloader = dict(loader, dataset=dict(pipeline=test_pipeline))
test_dataloader = dict(loader, dataset=dict(pipeline=test_pipeline))
