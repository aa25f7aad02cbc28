# The tower of the tiny ALBEF and BLIP.
_base_ = [
    '../_base_/models/dense-labels_vit-tiny-p8.py',
    '../_base_/datasets/dense-labels_synthetic-scenes.py',
    '../_base_/schedules/base-tiny_adamw-onecycle_6k.py',
    '../_base_/default_runtime.py',
]
