# As the released command runs: 44/34/22 of 324 patches.
_base_ = [
    './meter_vit-base-p16-roberta_dense_8xb32-accum16-100k_coco-vg-cc-sbu-288px.py',
    '../_base_/reducers/elip-fixed-counts_vit-11layer.py',
]

model = dict(vision_backbone=dict(reducer=_base_.reducer))
