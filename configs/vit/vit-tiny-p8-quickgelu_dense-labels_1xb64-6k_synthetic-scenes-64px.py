# The tower of the tiny METER, in the manner of OpenAI's CLIP.
_base_ = './vit-tiny-p8-prenorm_dense-labels_1xb64-6k_synthetic-scenes-64px.py'

model = dict(
    backbone=dict(
        layer_cfgs=dict(act_cfg=dict(type='mmpretrain.QuickGELU')),
    )
)
