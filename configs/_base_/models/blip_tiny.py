# The tiny BLIP that starts from a tower that can see and a BERT that knows
# the captions' language.
_base_ = ['./blip_tiny-from-noise.py', '../towers/tiny-base-weights.py']

text_weights = f'{_base_.blip_text}/model.safetensors'
model = dict(
    vision_backbone=dict(init_cfg=_base_.deit_init),
    text_encoder=dict(
        init_cfg=dict(_base_.bert_init, checkpoint=text_weights)
    ),
    heads=dict(
        lm=dict(
            predictor=dict(
                init_cfg=dict(_base_.predictor_init, checkpoint=text_weights)
            )
        )
    ),
)
