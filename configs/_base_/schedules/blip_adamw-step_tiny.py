# For the embedded data: few, short epochs, a higher rate and a steeper fall.
_base_ = './blip_adamw-step_15e.py'

optim_wrapper = dict(optimizer=dict(lr=1e-3))

param_scheduler = dict(decay=0.6, warmup_from=1e-4, warmup_iters=50)

train_cfg = dict(max_epochs=5)

auto_scale_lr = dict(base_batch_size=64)
