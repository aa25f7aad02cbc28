# The same pairs at 288 px.
_base_ = './meter_coco-vg-cc-sbu_224px.py'

show = [
    _base_.load,
    dict(
        type='mmpretrain.ResizeEdge',
        scale=288,
        edge='short',
        backend='pillow',
        interpolation='bicubic',
    ),
    dict(type='mmpretrain.CenterCrop', crop_size=288),
]

train_dataloader = dict(dataset=dict(pipeline=[*show, _base_.train_pack]))
val_dataloader = dict(
    dataset=dict(dataset=dict(pipeline=[*show, _base_.test_pack]))
)
test_dataloader = dict(
    dataset=dict(dataset=dict(pipeline=[*show, _base_.test_pack]))
)
