# Counts 176/127/78: there is no class token to be counted.
_base_ = [
    './siglip_vit-base-p16-map_dense_4xb440-32e_cc12m-coco-sbu-224px.py',
    '../_base_/reducers/elip_vit-12layer-tokens.py',
]

model = dict(vision_backbone=dict(reducer=_base_.reducer))
