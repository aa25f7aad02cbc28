# CLIP's schedule; the bias of the sigmoid loss is not decayed either.
_base_ = ['./siglip_adamw-cosine_tiny.py']

train_cfg = dict(
    max_epochs=None, max_iters=300, val_by_epoch=False, val_interval=100
)
