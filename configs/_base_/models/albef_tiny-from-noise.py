# The tiny ALBEF: 4 text layers, of which the upper 2 look at the image.
_base_ = './momentum_tiny.py'

model = dict(
    type='elip_mm.ALBEFPretrainer',
    mask_ratio=0.3,  # captions are short, and most words follow from others
    tokenizer=dict(type='elip_mm.ALBEFTokenizer'),
    text_encoder=dict(
        type='elip_mm.ALBEFTextEncoder', num_layers=4, fusion_layer=2
    ),
    heads=dict(
        mlm=dict(
            type='elip_mm.LanguageHead',
            name='mlm',
            embed_dims=_base_.width,
            vocab_size=_base_.vocab_size,
        )
    ),
)

alpha_hook = dict(type='elip_mm.SoftTargetHook', alpha=0.1, ramp_epochs=1)
