# BLIP pre-training: 15 epochs with a global batch of 168 (4 x 42).
_base_ = './momentum_adamw.py'

# The published code decays everything, norms and temperature included;
# a `paramwise_cfg` of only `custom_keys=dict(temp=dict(decay_mult=1))`
# does the same.
optim_wrapper = dict(optimizer=dict(weight_decay=0.05))

# Linear from 1e-6 to 1e-4 in 3000 iterations, then times 0.9 once an epoch,
# down to 1e-6; both ends are shares of the rate of each group.
param_scheduler = dict(
    type='elip_mm.BLIPLR',
    decay=0.9,
    start_factor=0.01,
    warmup_iters=3000,
    eta_min_ratio=0.01,
    convert_to_iter_based=True,
)

train_cfg = dict(max_epochs=15)

# With --auto-scale-lr the rate follows the global batch in proportion.
auto_scale_lr = dict(base_batch_size=168)
