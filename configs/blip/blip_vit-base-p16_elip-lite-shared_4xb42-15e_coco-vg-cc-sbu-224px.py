# The cheapest step: a look-ahead of one layer, and a momentum encoder that
# follows the online tower's decisions instead of seeing every patch.
_base_ = [
    './blip_vit-base-p16_dense_4xb42-15e_coco-vg-cc-sbu-224px.py',
    '../_base_/reducers/elip-lite_vit-12layer.py',
]

model = dict(
    vision_backbone=dict(reducer=_base_.reducer), share_reduction=True
)
