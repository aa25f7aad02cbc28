# CLIP on the drawn scenes from a tower that can see: three short epochs.
_base_ = './clip_adamw-cosine_tiny.py'

train_cfg = dict(max_epochs=3)
