# The tiny BLIP that starts from a tower that can see and a BERT that knows
# the captions' language.
_base_ = ['./blip_tiny-from-noise.py', '../towers/tiny-base-weights.py']

text_init = dict(
    type='Pretrained', checkpoint=f'{_base_.blip_text}/model.safetensors'
)
model = dict(
    vision_backbone=dict(init_cfg=_base_.deit_init),
    text_encoder=dict(init_cfg=text_init),
    heads=dict(
        lm=dict(
            predictor=dict(init_cfg=dict(text_init, prefix='cls.predictions.'))
        )
    ),
)
