# The tiny CLIP under the sigmoid loss.
_base_ = ['./clip_tiny.py', './siglip.py']

model = _base_.siglip
