# BLIP on the drawn scenes, where rates also fall more steeply.
_base_ = ['./blip_adamw-step_15e.py', './momentum_tiny.py']

optim_wrapper = _base_.tiny_optim

param_scheduler = dict(
    decay=0.8, start_factor=0.05, warmup_iters=50, eta_min_ratio=0.0005
)

train_cfg = dict(max_epochs=_base_.tiny_epochs)

auto_scale_lr = dict(base_batch_size=32)
