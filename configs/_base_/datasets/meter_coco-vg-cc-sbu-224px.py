# METER pre-training on COCO, Visual Genome, CC3M and SBU as lists of
# image-caption pairs, without augmentation.
_base_ = ['./matching.py', './image-text-pairs.py']

size = 224
centre = [
    _base_.load,
    dict(_base_.resize_edge, scale=size),
    dict(type='mmpretrain.CenterCrop', crop_size=size),
]
test_pipeline = [*centre, _base_.test_pack]

train_dataloader = dict(
    _base_.loader,
    batch_size=32,  # per GPU; the published recipe has 8 of them
    num_workers=8,
    dataset=dict(
        _base_.train_pairs,
        ann_file=[
            'annotations/coco.json',
            'annotations/vg.json',
            'annotations/cc3m_train.json',
            'annotations/sbu.json',
        ],
        pipeline=[*centre, _base_.train_pack],
    ),
)
val_dataloader = dict(
    _base_.loader,
    batch_size=64,
    dataset=dict(dataset=dict(_base_.val_pairs, pipeline=test_pipeline)),
)
test_dataloader = dict(
    _base_.loader,
    batch_size=64,
    dataset=dict(dataset=dict(_base_.test_pairs, pipeline=test_pipeline)),
)
