# The two towers of CLIP ViT-S/16 under the sigmoid loss: 62.26 M parameters.
_base_ = ['./clip_vit-small-p16.py', './siglip.py']

model = _base_.siglip
