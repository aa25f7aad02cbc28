_base_ = [
    '../_base_/models/siglip_vit-small-p16.py',
    '../_base_/datasets/clip_cc12m-coco-sbu-224px.py',
    '../_base_/schedules/clip_adamw-cosine_32e.py',
    '../_base_/default_runtime.py',
]
