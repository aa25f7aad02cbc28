# BLIP: at 224 px, and BERT is encoder, image-grounded encoder and decoder at
# once.
_base_ = './momentum_vit-base-p16.py'

model = dict(
    type='elip_mm.BLIPPretrainer',
    tokenizer=dict(type='elip_mm.BLIPTokenizer'),
    vision_backbone=dict(img_size=224),
    text_encoder=dict(
        type='elip_mm.BLIPTextEncoder',
        vocab_size=30524,  # BERT's and [DEC], [ENC]
    ),
    heads=dict(
        lm=dict(
            type='elip_mm.LanguageHead',
            name='lm',
            embed_dims=768,
            vocab_size=30524,
            label_smoothing=0.1,
            predictor=dict(
                added_tokens=2,  # that weights of BERT lack
                init_cfg=dict(
                    type='Pretrained',
                    checkpoint=_base_.text_init,
                    prefix='cls.predictions.',
                ),
            ),
        ),
    ),
    queue_size=57600,
)

# The teacher's share in soft targets grows over the first two epochs.
alpha_hook = dict(type='elip_mm.SoftTargetHook', alpha=0.4, ramp_epochs=2)
