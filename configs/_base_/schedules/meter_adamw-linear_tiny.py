# METER on the drawn scenes: nothing is pre-trained, so all rates are one, and
# every batch is a step.
_base_ = './meter_adamw-linear_100k.py'

optim_wrapper = dict(
    accumulative_counts=1,
    optimizer=dict(lr=2e-3),
    paramwise_cfg=dict(
        custom_keys={
            'fusion.': dict(lr_mult=1.0),
            'heads.': dict(lr_mult=1.0),
        }
    ),
)

param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, by_epoch=False, begin=0, end=100),
    # To zero at the end of training, which the runner fills in.
    dict(type='PolyLR', power=1.0, eta_min=0.0, by_epoch=False, begin=100),
]

train_cfg = dict(
    _delete_=True, type='elip_mm.ResumableTrainLoop', max_epochs=10
)

auto_scale_lr = dict(base_batch_size=32)
