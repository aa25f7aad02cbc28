# The two towers of CLIP ViT-S/16 under the sigmoid loss: 62.26 M parameters.
_base_ = './clip_vit-small-p16.py'

model = dict(
    type='elip_mm.SigLIPPretrainer',
    heads=dict(_delete_=True, sigmoid=dict(type='elip_mm.SigmoidHead')),
)
