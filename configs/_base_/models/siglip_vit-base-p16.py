# The two towers of CLIP ViT-B/16 under the sigmoid loss: 149.62 M parameters.
_base_ = ['./clip_vit-base-p16.py', './siglip.py']

model = _base_.siglip
