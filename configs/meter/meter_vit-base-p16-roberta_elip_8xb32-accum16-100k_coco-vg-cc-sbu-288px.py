# Counts 291/226/145, from the patches that are there.
_base_ = [
    './meter_vit-base-p16-roberta_dense_8xb32-accum16-100k_coco-vg-cc-sbu-288px.py',
    '../_base_/reducers/elip_vit-11layer.py',
]

model = dict(vision_backbone=dict(reducer=_base_.reducer))
