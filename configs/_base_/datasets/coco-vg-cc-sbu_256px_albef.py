# ALBEF pre-training on COCO, Visual Genome, CC3M and SBU ("4M") as lists of
# image-caption pairs.
_base_ = './image-text-pairs.py'

clean = dict(type='elip_mm.CleanPairCaption', style='albef')
train_pipeline = [
    _base_.load,
    clean,
    dict(
        type='mmpretrain.RandomResizedCrop',
        scale=256,
        crop_ratio_range=(0.2, 1.0),
        backend='pillow',
        interpolation='bicubic',
    ),
    # As published, although captions say left and right.
    dict(type='mmcv.RandomFlip', prob=0.5, direction='horizontal'),
    dict(type='elip_mm.RandomAugment', num_ops=2, level=7),
    _base_.train_pack,
]
test_pipeline = [
    _base_.load,
    clean,
    dict(
        type='mmpretrain.Resize',
        scale=(256, 256),
        backend='pillow',
        interpolation='bicubic',
    ),
    _base_.test_pack,
]

train_dataloader = dict(
    batch_size=40,  # a GPU; the published recipe has 4 of them
    dataset=dict(
        ann_file=[
            'annotations/coco.json',
            'annotations/vg.json',
            'annotations/cc3m_train.json',
            'annotations/cc3m_val.json',
            'annotations/sbu.json',
        ],
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
