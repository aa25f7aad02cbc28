# The two towers of CLIP ViT-B/16 under the sigmoid loss: 149.62 M parameters.
_base_ = './clip_vit-base-p16.py'

model = dict(
    type='elip_mm.SigLIPPretrainer',
    heads=dict(_delete_=True, sigmoid=dict(type='elip_mm.SigmoidHead')),
)
