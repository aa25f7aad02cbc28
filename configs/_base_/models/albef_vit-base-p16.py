# ALBEF: at 256 px, and the upper half of BERT looks at the image. 209.9 M
# trained parameters.
_base_ = './momentum_vit-base-p16.py'

vocab_size = 30522
model = dict(
    type='elip_mm.ALBEFPretrainer',
    tokenizer=dict(type='elip_mm.ALBEFTokenizer'),
    vision_backbone=dict(img_size=256),
    text_encoder=dict(
        type='elip_mm.ALBEFTextEncoder', vocab_size=vocab_size, fusion_layer=6
    ),
    heads=dict(
        mlm=dict(
            type='elip_mm.LanguageHead',
            name='mlm',
            embed_dims=_base_.width,
            vocab_size=vocab_size,
            predictor=dict(init_cfg=_base_.predictor_init),
        ),
    ),
    queue_size=65536,
)

# The momentum encoder's weight in soft targets grows over the first epoch.
alpha_hook = dict(type='elip_mm.SoftTargetHook', alpha=0.4, ramp_epochs=1)
