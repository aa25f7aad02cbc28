# The tiny BLIP: 3 text layers, which encode and decode.
_base_ = './momentum_tiny.py'

model = dict(
    type='elip_mm.BLIPPretrainer',
    tokenizer=dict(type='elip_mm.BLIPTokenizer'),
    text_encoder=dict(type='elip_mm.BLIPTextEncoder', num_layers=3),
    heads=dict(
        lm=dict(
            type='elip_mm.LanguageHead',
            name='lm',
            embed_dims=_base_.width,
            vocab_size=_base_.vocab_size,
            label_smoothing=0.1,
        )
    ),
)

alpha_hook = dict(type='elip_mm.SoftTargetHook', alpha=0.1, ramp_epochs=2)
