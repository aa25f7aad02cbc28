# Only the online tower is reduced, to 176/127/78 of 196 patches; the momentum
# encoder sees every patch.
_base_ = [
    './blip_vit-base-p16_dense_4xb42-15e_coco-vg-cc-sbu-224px.py',
    '../_base_/reducers/elip_vit-12layer.py',
]

model = dict(vision_backbone=dict(reducer=_base_.reducer))
