# Only the online tower is reduced, to 230/166/102 of 256 patches; the momentum
# encoder sees every patch.
_base_ = [
    './albef_vit-base-p16_dense_4xb40-20e_coco-vg-cc-sbu-256px.py',
    '../_base_/reducers/elip_vit-12layer.py',
]

model = dict(vision_backbone=dict(reducer=_base_.reducer))
