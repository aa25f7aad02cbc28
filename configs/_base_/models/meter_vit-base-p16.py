# METER with CLIP's ViT-B/16 and BERT.
_base_ = './meter_vit-base-p32.py'

model = dict(vision_backbone=dict(patch_size=16))
