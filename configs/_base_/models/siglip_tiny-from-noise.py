# The tiny CLIP under the sigmoid loss.
_base_ = ['./clip_tiny-from-noise.py', './siglip.py']

model = _base_.siglip
