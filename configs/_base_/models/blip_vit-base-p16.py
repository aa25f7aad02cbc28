# BLIP: ViT-B/16 at 224 px, and BERT-base as encoder, image-grounded encoder
# and decoder at once.
vision_init = (
    'https://download.openmmlab.com/mmclassification/v0/deit/'
    'deit-base_pt-16xb64_in1k_20220216-db63c16c.pth'
)
text_init = (
    'https://huggingface.co/google-bert/bert-base-uncased/resolve/main/'
    'pytorch_model.bin'
)

model = dict(
    type='elip_mm.BLIPPretrainer',
    # A name on the hub, or a local folder that holds its vocab.txt.
    tokenizer=dict(
        type='elip_mm.BLIPTokenizer', name_or_path='bert-base-uncased'
    ),
    vision_backbone=dict(
        type='elip_mm.PrunedViT',
        arch='base',
        img_size=224,
        patch_size=16,
        norm_cfg=dict(type='LN', eps=1e-6),
        init_cfg=dict(
            type='Pretrained', checkpoint=vision_init, prefix='backbone.'
        ),
    ),
    text_encoder=dict(
        type='elip_mm.BLIPTextEncoder',
        vocab_size=30524,  # BERT's and [DEC], [ENC]
        init_cfg=dict(type='Pretrained', checkpoint=text_init),
    ),
    vision_neck=dict(
        type='mmpretrain.Linear', in_features=768, out_features=256
    ),
    text_neck=dict(
        type='mmpretrain.Linear', in_features=768, out_features=256
    ),
    guidance=dict(type='elip_mm.TextCLSGuidance'),
    heads=dict(
        itc=dict(type='elip_mm.DistilledContrastiveHead'),
        itm=dict(type='elip_mm.MatchingHead', embed_dims=768),
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
                    checkpoint=text_init,
                    prefix='cls.predictions.',
                ),
            ),
        ),
    ),
    queue_size=57600,
    joint_dims=256,
    momentum=0.995,
    k_test=256,
)

# The teacher's share in soft targets grows over the first two epochs.
alpha_hook = dict(type='elip_mm.SoftTargetHook', alpha=0.4, ramp_epochs=2)
