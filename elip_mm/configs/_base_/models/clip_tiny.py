# Copyright (c) elip_mm contributors. All rights reserved.
# CLIP that two CPU cores train in minutes, from a tower that can see already.
from elip_mm.models import (
    CLIPPretrainer,
    CLIPTextEncoder,
    ContrastiveHead,
    JointProjection,
    PrunedViT,
    SceneTokenizer,
    TiedProjectionGuidance,
)

width, num_heads = 64, 4
weights = 'pkg://elip_mm/weights'

model = dict(
    type=CLIPPretrainer,
    tokenizer=dict(type=SceneTokenizer),
    vision_backbone=dict(
        type=PrunedViT,
        arch=dict(
            embed_dims=width,
            num_layers=6,
            num_heads=num_heads,
            feedforward_channels=4 * width,
        ),
        img_size=64,
        patch_size=8,
        pre_norm=True,
        norm_cfg=dict(type='LN', eps=1e-5),
        init_cfg=dict(
            type='Pretrained',
            prefix='backbone.',
            checkpoint=f'{weights}/'
            'vit-tiny-p8-prenorm_dense-labels_synthetic-scenes-64px/'
            'model.safetensors',
        ),
    ),
    text_encoder=dict(
        type=CLIPTextEncoder,
        vocab_size=512,
        context_length=32,
        embed_dims=width,
        num_layers=4,
        num_heads=num_heads,
    ),
    vision_neck=dict(
        type=JointProjection, in_channels=width, out_channels=width
    ),
    text_neck=dict(
        type=JointProjection, in_channels=width, out_channels=width
    ),
    guidance=dict(type=TiedProjectionGuidance),
    heads=dict(contrastive=dict(type=ContrastiveHead)),
)
