# BLIP: at 224 px, and BERT is encoder, image-grounded encoder and decoder at
# once.
_base_ = './momentum_vit-base-p16.py'

vocab_size = 30524  # BERT's and [DEC], [ENC]
model = dict(
    type='elip_mm.BLIPPretrainer',
    tokenizer=dict(type='elip_mm.BLIPTokenizer'),
    text_encoder=dict(type='elip_mm.BLIPTextEncoder', vocab_size=vocab_size),
    heads=dict(
        lm=dict(
            type='elip_mm.LanguageHead',
            name='lm',
            embed_dims=_base_.width,
            vocab_size=vocab_size,
            label_smoothing=0.1,
            predictor=dict(
                added_tokens=2,  # that weights of BERT lack
                init_cfg=_base_.predictor_init,
            ),
        ),
    ),
    queue_size=57600,
)

# The momentum encoder's weight in soft targets grows over the first two
# epochs.
alpha_hook = dict(type='elip_mm.SoftTargetHook', alpha=0.4, ramp_epochs=2)
