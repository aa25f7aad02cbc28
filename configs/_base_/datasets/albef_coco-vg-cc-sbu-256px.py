# ALBEF pre-training on the "4M" pairs.
_base_ = './momentum_coco-vg-cc-sbu.py'

size = 256
read = [_base_.load, dict(type='elip_mm.CleanPairCaption', style='albef')]

train_dataloader = dict(
    batch_size=40,  # per GPU; the published recipe has 4 of them
    dataset=dict(
        pipeline=[
            *read,
            dict(_base_.crop, scale=size),
            _base_.flip,
            dict(_base_.augment, level=7),
            _base_.train_pack,
        ]
    ),
)
val_dataloader = dict(
    dataset=dict(
        pipeline=[
            *read,
            dict(_base_.resize, scale=(size, size)),
            _base_.test_pack,
        ]
    )
)
test_dataloader = val_dataloader
