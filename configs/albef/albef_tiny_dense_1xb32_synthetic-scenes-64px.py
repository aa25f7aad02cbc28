# ALBEF on the embedded data, within ten minutes on two cores.
_base_ = [
    '../_base_/models/albef_tiny.py',
    '../_base_/datasets/synthetic-scenes_64px.py',
    '../_base_/schedules/albef_adamw-coslr_tiny.py',
    '../_base_/default_runtime.py',
]

custom_hooks = [*_base_.custom_hooks, _base_.alpha_hook]
default_hooks = dict(checkpoint=dict(interval=250))

# 12 epochs of 250 steps; matching makes a validation dear, so there is one.
train_dataloader = dict(batch_size=32, dataset=dict(num_scenes=8000))
train_cfg = dict(val_interval=12)
val_dataloader = dict(dataset=dict(num_scenes=200))
test_dataloader = dict(dataset=dict(num_scenes=500))

# With matching, and what the joint features alone would give.
val_evaluator = [
    dict(type='elip_mm.RetrievalRecall', topk=(1, 5, 10)),
    dict(type='elip_mm.ContrastiveRecall', topk=(1, 5, 10)),
]
test_evaluator = val_evaluator
