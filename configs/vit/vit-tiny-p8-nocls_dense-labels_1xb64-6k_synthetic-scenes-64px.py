# The tower of the tiny SigLIP that pools by attention: no class token.
_base_ = './vit-tiny-p8_dense-labels_1xb64-6k_synthetic-scenes-64px.py'

model = dict(
    backbone=dict(
        with_cls_token=False,
        layer_cfgs=dict(act_cfg=dict(type='GELU', approximate='tanh')),
    )
)
