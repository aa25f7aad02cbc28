# CLIP's ViT-B/32 as METER uses it, without the last layer: 49 patches.
width, num_heads = 768, 12
tower = dict(
    arch=dict(
        embed_dims=width,
        num_layers=11,
        num_heads=num_heads,
        feedforward_channels=4 * width,
    ),
    img_size=224,
    patch_size=32,
)
