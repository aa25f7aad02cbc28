# CLIP on the drawn scenes from a tower that can see: 300 steps.
_base_ = './clip_adamw-cosine_tiny.py'

train_cfg = dict(
    max_epochs=None, max_iters=300, val_by_epoch=False, val_interval=100
)
