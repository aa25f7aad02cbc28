# The tiny METER that starts from a tower that can see and a BERT that knows
# the captions' language.
_base_ = ['./meter_tiny-from-noise.py', '../towers/tiny-base-weights.py']

model = dict(
    vision_backbone=dict(init_cfg=_base_.openai_init),
    text_encoder=dict(pretrained=_base_.meter_text),
)
