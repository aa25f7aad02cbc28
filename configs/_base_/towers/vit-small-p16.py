# ViT-S/16 at 224 px: 196 patches.
width, num_heads = 384, 6
tower = dict(
    arch='deit-small',  # mmpretrain's 'small' is 768 wide
    img_size=224,
    patch_size=16,
)
