# CLIP's schedule; the bias of the sigmoid loss is not decayed either.
_base_ = './clip_adamw-cosine_tiny.py'

optim_wrapper = dict(
    paramwise_cfg=dict(custom_keys={'logit_bias': dict(decay_mult=0.0)})
)
