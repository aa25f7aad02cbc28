# A dual encoder that two CPU cores train in minutes: 64 px, 6 layers, 64 wide.
_base_ = './clip_vit-small-p16.py'

model = dict(
    tokenizer=dict(_delete_=True, type='elip_mm.SceneTokenizer'),
    vision_backbone=dict(
        arch=dict(
            _delete_=True,
            embed_dims=64,
            num_layers=6,
            num_heads=4,
            feedforward_channels=256,
        ),
        img_size=64,
        patch_size=8,
    ),
    text_encoder=dict(
        vocab_size=512,
        context_length=32,
        embed_dims=64,
        num_layers=4,
        num_heads=4,
    ),
    vision_neck=dict(in_channels=64, out_channels=64),
    text_neck=dict(in_channels=64, out_channels=64),
)
