# METER's data; half of the pairs of validation and test are mismatches,
# always the same ones.
_base_ = '../coco-vg-cc-sbu_224px_meter.py'

val_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='elip_mm.MatchingPairs',
        dataset=_base_.val_dataloader.dataset,
    ),
    sampler=dict(_delete_=True, type='DefaultSampler', shuffle=False),
)
test_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='elip_mm.MatchingPairs',
        dataset=_base_.test_dataloader.dataset,
    ),
    sampler=dict(_delete_=True, type='DefaultSampler', shuffle=False),
)

val_evaluator = dict(_delete_=True, type='elip_mm.MatchingAccuracy')
test_evaluator = dict(_delete_=True, type='elip_mm.MatchingAccuracy')

val_cfg = dict(_delete_=True)
test_cfg = dict(_delete_=True)
