# Counts 176/137/88, from the patches that are there.
_base_ = [
    './meter_vit-base-p16_dense_8xb32-accum16-100k_coco-vg-cc-sbu-224px.py',
    '../_base_/reducers/elip_vit-11layer.py',
]

model = dict(vision_backbone=dict(reducer=_base_.reducer))
