# What ALBEF and BLIP have in common: ViT-B/16, BERT-base, two joint spaces of
# 256 dimensions, contrast with soft targets, and matching.
vision_init = (
    'https://download.openmmlab.com/mmclassification/v0/deit/'
    'deit-base_pt-16xb64_in1k_20220216-db63c16c.pth'
)
text_init = (
    'https://huggingface.co/google-bert/bert-base-uncased/resolve/main/'
    'pytorch_model.bin'
)

model = dict(
    # A name on the hub, or a local folder that holds its vocab.txt.
    tokenizer=dict(name_or_path='bert-base-uncased'),
    vision_backbone=dict(
        type='elip_mm.PrunedViT',
        arch='base',
        patch_size=16,
        norm_cfg=dict(type='LN', eps=1e-6),
        # Position embeddings of another size are resized while loading.
        init_cfg=dict(
            type='Pretrained', checkpoint=vision_init, prefix='backbone.'
        ),
    ),
    text_encoder=dict(init_cfg=dict(type='Pretrained', checkpoint=text_init)),
    vision_neck=dict(
        type='mmpretrain.Linear', in_features=768, out_features=256
    ),
    text_neck=dict(
        type='mmpretrain.Linear', in_features=768, out_features=256
    ),
    guidance=dict(type='elip_mm.TextCLSGuidance'),
    heads=dict(
        itc=dict(type='elip_mm.MomentumContrastiveHead'),
        itm=dict(type='elip_mm.MatchingHead', embed_dims=768),
    ),
    joint_dims=256,
    momentum=0.995,
)
