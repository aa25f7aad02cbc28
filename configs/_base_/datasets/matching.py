# Validation and test by matching: half of the pairs are mismatches, always the
# same ones. The data sets that they are made of come with the files that
# inherit from this one.
_base_ = './pairs.py'

val_dataloader = dict(
    dataset=dict(type='elip_mm.MatchingPairs'),
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='elip_mm.stack_pairs'),
)
test_dataloader = val_dataloader

val_evaluator = dict(type='elip_mm.MatchingAccuracy')
test_evaluator = val_evaluator

val_cfg = dict()
test_cfg = dict()
