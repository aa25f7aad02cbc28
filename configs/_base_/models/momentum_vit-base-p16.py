# ALBEF's and BLIP's common part in full size: ViT-B/16, BERT-base, two joint
# spaces of 256 dimensions.
_base_ = ['./momentum.py', '../towers/vit-base-p16.py']

vision_init = (
    'https://download.openmmlab.com/mmclassification/v0/deit/'
    'deit-base_pt-16xb64_in1k_20220216-db63c16c.pth'
)
text_init = (
    'https://huggingface.co/google-bert/bert-base-uncased/resolve/main/'
    'pytorch_model.bin'
)
# Of the language heads: BERT's own, but for the words, which the encoder has.
predictor_init = dict(
    type='elip_mm.Pretrained',
    checkpoint=text_init,
    prefix='cls.predictions.',
    allow_unexpected=['decoder.*'],
)

width, joint_dims = _base_.width, 256
model = dict(
    # A name on the hub, or a local folder that holds its vocab.txt.
    tokenizer=dict(name_or_path='bert-base-uncased'),
    vision_backbone=dict(
        **_base_.tower,
        # Position embeddings of another size are resized while loading.
        init_cfg=dict(
            type='elip_mm.Pretrained',
            checkpoint=vision_init,
            prefix='backbone.',
        ),
    ),
    text_encoder=dict(
        init_cfg=dict(
            type='elip_mm.Pretrained',
            checkpoint=text_init,
            # BERT has never seen an image; positions are merely counted.
            allow_missing=['*.crossattention.*', '*.position_ids'],
            # Its other heads. BLIP has no token types.
            allow_unexpected=[
                'cls.*',
                'bert.pooler.*',
                '*.position_ids',
                '*.token_type_embeddings.weight',
            ],
        ),
    ),
    vision_neck=dict(in_features=width, out_features=joint_dims),
    text_neck=dict(in_features=width, out_features=joint_dims),
    heads=dict(itm=dict(embed_dims=width)),
    joint_dims=joint_dims,
    momentum=0.995,
)
