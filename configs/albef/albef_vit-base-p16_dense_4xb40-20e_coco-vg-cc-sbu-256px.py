# ALBEF as published, on the 4M data: every patch stays.
_base_ = [
    '../_base_/models/albef_vit-base-p16.py',
    '../_base_/datasets/albef_coco-vg-cc-sbu-256px.py',
    '../_base_/schedules/albef_adamw-cosine_20e.py',
    '../_base_/default_runtime.py',
]

custom_hooks = [*_base_.custom_hooks, _base_.alpha_hook]
