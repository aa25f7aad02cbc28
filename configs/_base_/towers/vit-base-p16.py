# ViT-B/16 at 224 px: 196 patches.
width, num_heads = 768, 12
tower = dict(arch='base', img_size=224, patch_size=16)
