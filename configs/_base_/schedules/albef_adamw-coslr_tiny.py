# For the embedded data: short epochs, a higher rate and a shorter memory of
# the optimiser.
_base_ = './albef_adamw-coslr_20e.py'

optim_wrapper = dict(
    optimizer=dict(lr=2e-3, betas=(0.9, 0.98)),
    # The temperature is a plain number near 0.07: at the full rate it would
    # move by a thirtieth of itself in every step.
    paramwise_cfg=dict(custom_keys=dict(temp=dict(lr_mult=0.05))),
)

param_scheduler = dict(
    num_epochs=12,
    warmup_from=1e-4,
    step_length=5,
    lowest=1e-5,
)

train_cfg = dict(max_epochs=12)

auto_scale_lr = dict(base_batch_size=32)
