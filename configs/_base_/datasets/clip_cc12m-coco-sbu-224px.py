# CC12M, COCO and SBU as lists of image-caption pairs, cropped as for CLIP.
_base_ = ['./retrieval.py', './image-text-pairs.py']

size = 224
train_pipeline = [
    _base_.load,
    # No flip: captions say left and right.
    dict(_base_.crop, scale=size, crop_ratio_range=(0.9, 1.0)),
    _base_.train_pack,
]
test_pipeline = [
    _base_.load,
    dict(_base_.resize_edge, scale=size),
    dict(type='mmpretrain.CenterCrop', crop_size=size),
    _base_.test_pack,
]

train_dataloader = dict(
    _base_.loader,
    batch_size=440,  # per GPU; the published recipe has 4 of them
    num_workers=8,
    dataset=dict(
        _base_.train_pairs,
        ann_file=[
            'annotations/cc12m.json',
            'annotations/coco_karpathy_train.json',
            'annotations/sbu.json',
        ],
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    _base_.loader,
    batch_size=128,
    num_workers=8,
    dataset=dict(_base_.val_pairs, pipeline=test_pipeline),
)
test_dataloader = dict(
    val_dataloader, dataset=dict(_base_.test_pairs, pipeline=test_pipeline)
)
