# ALBEF: ViT-B/16 at 256 px, and BERT-base of which the upper half looks at
# the image. 209.9 M trained parameters.
vision_init = (
    'https://download.openmmlab.com/mmclassification/v0/deit/'
    'deit-base_pt-16xb64_in1k_20220216-db63c16c.pth'
)
text_init = (
    'https://huggingface.co/google-bert/bert-base-uncased/resolve/main/'
    'pytorch_model.bin'
)

model = dict(
    type='elip_mm.ALBEFPretrainer',
    # A name on the hub, or a local folder that holds its vocab.txt.
    tokenizer=dict(
        type='elip_mm.ALBEFTokenizer', name_or_path='bert-base-uncased'
    ),
    vision_backbone=dict(
        type='elip_mm.PrunedViT',
        arch='base',
        img_size=256,
        patch_size=16,
        norm_cfg=dict(type='LN', eps=1e-6),
        # Position embeddings of another size are resized while loading.
        init_cfg=dict(
            type='Pretrained', checkpoint=vision_init, prefix='backbone.'
        ),
    ),
    text_encoder=dict(
        type='elip_mm.ALBEFTextEncoder',
        vocab_size=30522,
        fusion_layer=6,
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
        mlm=dict(
            type='elip_mm.LanguageHead',
            name='mlm',
            embed_dims=768,
            vocab_size=30522,
            predictor=dict(
                init_cfg=dict(
                    type='Pretrained',
                    checkpoint=text_init,
                    prefix='cls.predictions.',
                )
            ),
        ),
    ),
    queue_size=65536,
    joint_dims=256,
    momentum=0.995,
    k_test=256,
)

# The teacher's share in soft targets grows over the first epoch.
alpha_hook = dict(type='elip_mm.SoftTargetHook', alpha=0.4, ramp_epochs=1)
