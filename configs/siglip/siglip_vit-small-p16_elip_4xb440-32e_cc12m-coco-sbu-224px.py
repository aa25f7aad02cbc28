# Counts 177/128/78, those of CLIP.
_base_ = [
    './siglip_vit-small-p16_dense_4xb440-32e_cc12m-coco-sbu-224px.py',
    '../_base_/reducers/elip_vit-12layer-tokens.py',
]

model = dict(vision_backbone=dict(reducer=_base_.reducer))
