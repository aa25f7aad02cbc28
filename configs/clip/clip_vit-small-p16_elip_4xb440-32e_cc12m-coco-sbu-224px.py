# Counts 177/128/78: CLIP's shares refer to all tokens, class token included.
_base_ = [
    './clip_vit-small-p16_dense_4xb440-32e_cc12m-coco-sbu-224px.py',
    '../_base_/reducers/elip_vit-12layer-tokens.py',
]

model = dict(vision_backbone=dict(reducer=_base_.reducer))
