# The image tower of all tiny recipes: 64 patches, which two CPU cores train in
# minutes.
width, num_heads = 64, 4
tower = dict(
    arch=dict(
        embed_dims=width,
        num_layers=6,
        num_heads=num_heads,
        feedforward_channels=4 * width,
    ),
    img_size=64,
    patch_size=8,
)
