# For the embedded data: few, short epochs and a higher rate.
_base_ = './albef_adamw-coslr_20e.py'

optim_wrapper = dict(optimizer=dict(lr=1e-3))

param_scheduler = dict(
    num_epochs=5,
    warmup_from=1e-4,
    step_length=5,
    lowest=1e-5,
)

train_cfg = dict(max_epochs=5)

auto_scale_lr = dict(base_batch_size=64)
