# The tiny CLIP whose image tower can see already.
_base_ = ['./clip_tiny-from-noise.py', '../towers/tiny-base-weights.py']

model = dict(vision_backbone=dict(init_cfg=_base_.clip_init))
