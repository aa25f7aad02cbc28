# BLIP pre-training on the "4M" pairs.
_base_ = './momentum_coco-vg-cc-sbu.py'

size = 224
read = [_base_.load, dict(type='elip_mm.CleanPairCaption', style='blip')]

train_dataloader = dict(
    batch_size=42,  # per GPU; the published recipe has 4 of them
    dataset=dict(
        pipeline=[
            *read,
            dict(_base_.crop, scale=size),
            _base_.flip,
            # At this level brightness and sharpness do nothing.
            dict(_base_.augment, level=5),
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
