# What the tiny schedules of ALBEF and BLIP change in those of full size: short
# epochs, a higher rate and a shorter memory of the optimiser.
tiny_optim = dict(
    optimizer=dict(lr=2e-3, betas=(0.9, 0.98)),
    # The temperature is a plain number near 0.07: at the full rate it would
    # move by a thirtieth of itself in every step.
    paramwise_cfg=dict(custom_keys=dict(temp=dict(lr_mult=0.05))),
)
tiny_epochs = 12
