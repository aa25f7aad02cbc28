# ALBEF on the drawn scenes.
_base_ = ['./albef_adamw-cosine_20e.py', './momentum_tiny.py']

optim_wrapper = _base_.tiny_optim

param_scheduler = dict(
    num_epochs=_base_.tiny_epochs,
    start_factor=0.05,
    step_length=5,
    eta_min_ratio=0.005,
)

train_cfg = dict(max_epochs=_base_.tiny_epochs)

auto_scale_lr = dict(base_batch_size=32)
