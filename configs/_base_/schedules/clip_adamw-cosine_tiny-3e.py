# CLIP on the drawn scenes from a tower that can see: three short epochs.
_base_ = './clip_adamw-cosine_tiny.py'

optim_wrapper = dict(optimizer=dict(lr=2e-3))
train_cfg = dict(max_epochs=3)
