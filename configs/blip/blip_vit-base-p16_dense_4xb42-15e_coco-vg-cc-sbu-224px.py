# BLIP as published, on the 4M data: every patch stays.
_base_ = [
    '../_base_/models/blip_vit-base-p16.py',
    '../_base_/datasets/blip_coco-vg-cc-sbu-224px.py',
    '../_base_/schedules/blip_adamw-step_15e.py',
    '../_base_/default_runtime.py',
]

custom_hooks = [*_base_.custom_hooks, _base_.alpha_hook]
