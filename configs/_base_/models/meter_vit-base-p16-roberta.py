# METER with CLIP's ViT-B/16 at 288 px and RoBERTa, its strongest pair.
_base_ = './meter_vit-base-p16.py'

vocab_size = 50265
model = dict(
    tokenizer=dict(name_or_path='roberta-base'),
    vision_backbone=dict(img_size=288),
    text_encoder=dict(
        vocab_size=vocab_size,
        config=dict(
            _delete_=True,
            model_type='roberta',
            max_position_embeddings=514,
            type_vocab_size=1,
            layer_norm_eps=1e-5,
        ),
        pretrained='roberta-base',
    ),
    heads=dict(mlm=dict(vocab_size=vocab_size)),
    # The released code hides whole words with BERT only.
    whole_words=False,
)
