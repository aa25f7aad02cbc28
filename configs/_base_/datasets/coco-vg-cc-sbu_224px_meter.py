# METER pre-training on COCO, Visual Genome, CC3M and SBU as lists of
# image-caption pairs, without augmentation.
_base_ = './image-text-pairs.py'

show = [
    _base_.load,
    dict(
        type='mmpretrain.ResizeEdge',
        scale=224,
        edge='short',
        backend='pillow',
        interpolation='bicubic',
    ),
    dict(type='mmpretrain.CenterCrop', crop_size=224),
]

train_dataloader = dict(
    batch_size=32,  # a GPU; the published recipe has 8 of them
    num_workers=8,
    dataset=dict(
        ann_file=[
            'annotations/coco.json',
            'annotations/vg.json',
            'annotations/cc3m_train.json',
            'annotations/sbu.json',
        ],
        pipeline=[*show, _base_.train_pack],
    ),
)
val_dataloader = dict(dataset=dict(pipeline=[*show, _base_.test_pack]))
test_dataloader = dict(dataset=dict(pipeline=[*show, _base_.test_pack]))
