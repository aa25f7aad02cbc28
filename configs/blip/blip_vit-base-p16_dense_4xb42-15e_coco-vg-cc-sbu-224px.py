# BLIP as published, on the 4M data: every patch stays.
_base_ = [
    '../_base_/models/blip_vit-base-p16.py',
    '../_base_/datasets/coco-vg-cc-sbu_224px_blip.py',
    '../_base_/schedules/blip_adamw-step_15e.py',
    '../_base_/default_runtime.py',
]

custom_hooks = [*_base_.custom_hooks, _base_.alpha_hook]
