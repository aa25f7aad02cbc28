# The same pairs at 288 px.
_base_ = './meter_coco-vg-cc-sbu-224px.py'

size = 288
centre = [
    _base_.load,
    dict(_base_.resize_edge, scale=size),
    dict(type='mmpretrain.CenterCrop', crop_size=size),
]
pairs_288px = dict(pipeline=[*centre, _base_.test_pack])

train_dataloader = dict(dataset=dict(pipeline=[*centre, _base_.train_pack]))
val_dataloader = dict(dataset=dict(dataset=pairs_288px))
test_dataloader = dict(dataset=dict(dataset=pairs_288px))
