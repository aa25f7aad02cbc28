# The tower of the tiny CLIP and SigLIP.
_base_ = './vit-tiny-p8_dense-labels_1xb64-6k_synthetic-scenes-64px.py'

model = dict(backbone=dict(pre_norm=True, norm_cfg=dict(eps=1e-5)))
