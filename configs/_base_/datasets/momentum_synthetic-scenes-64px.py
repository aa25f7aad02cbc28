# Drawn scenes for ALBEF and BLIP. Candidates are matched one by one, which
# takes time, so the sets are small.
_base_ = './synthetic-scenes-64px.py'

train_dataloader = dict(batch_size=32, dataset=dict(num_scenes=8000))
val_dataloader = dict(dataset=dict(num_scenes=200))
test_dataloader = dict(dataset=dict(num_scenes=500))

# With matching, and what the joint features alone would give.
val_evaluator = [
    _base_.val_evaluator,
    dict(type='elip_mm.ContrastiveRecall', topk=(1, 5, 10)),
]
test_evaluator = val_evaluator
