_base_ = [
    '../../configs/_base_/default_runtime.py',
    '../../configs/_base_/schedules/clip_adamw-cosine_tiny.py',
]

custom_imports = dict(imports=['tests.support.toy_project'])

# 16 batches an epoch.
train_dataloader = dict(
    batch_size=4,
    num_workers=0,
    dataset=dict(type='elip_mm.ToyDataset'),
    sampler=dict(type='elip_mm.KeyedSampler', shuffle=True, round_up=False),
)
val_dataloader = dict(
    batch_size=4,
    num_workers=0,
    dataset=dict(type='elip_mm.ToyDataset', size=11),
    sampler=dict(type='DefaultSampler', shuffle=False),
)
test_dataloader = val_dataloader
val_evaluator = dict(type='elip_mm.ToyMetric')
test_evaluator = val_evaluator
val_cfg = dict()
test_cfg = dict()

model = dict(type='elip_mm.ToyModel')

train_cfg = dict(max_epochs=2)

param_scheduler = [
    dict(type='LinearLR', start_factor=0.2, by_epoch=False, begin=0, end=5),
    dict(type='CosineAnnealingLR', eta_min=0.0, by_epoch=False, begin=5),
]

default_hooks = dict(logger=dict(interval=1), checkpoint=dict(interval=5))
custom_hooks = [*_base_.custom_hooks, dict(type='elip_mm.StopHook')]
