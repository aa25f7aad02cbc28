# The tiny CLIP under the sigmoid loss.
_base_ = './clip_tiny.py'

model = dict(
    type='elip_mm.SigLIPPretrainer',
    heads=dict(_delete_=True, sigmoid=dict(type='elip_mm.SigmoidHead')),
)
