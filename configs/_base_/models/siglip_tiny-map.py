# Attention pooling over a tower without class token that can see already.
_base_ = ['./siglip_tiny-map-from-noise.py', '../towers/tiny-base-weights.py']

model = dict(vision_backbone=dict(init_cfg=_base_.map_init))
