_base_ = [
    '../_base_/models/meter_vit-base-p32.py',
    '../_base_/datasets/meter_coco-vg-cc-sbu-224px.py',
    '../_base_/schedules/meter_adamw-linear_100k.py',
    '../_base_/default_runtime.py',
]
