# ALBEF pre-training: 20 epochs with a global batch of 160 (4 x 40).
_base_ = './momentum_adamw.py'

optim_wrapper = dict(optimizer=dict(weight_decay=0.02))

# From 1e-5 in ten steps of 100 iterations to 1e-4, then a cosine to 1e-5 that
# moves once an epoch; both ends are shares of the rate of each group.
param_scheduler = dict(
    type='elip_mm.ALBEFLR',
    num_epochs=20,
    start_factor=0.1,
    warmup_steps=10,
    step_length=100,
    eta_min_ratio=0.1,
    convert_to_iter_based=True,
)

train_cfg = dict(max_epochs=20)

# With --auto-scale-lr the rate follows the global batch in proportion.
auto_scale_lr = dict(base_batch_size=160)
