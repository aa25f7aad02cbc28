# Validation and test by retrieval. The data sets come with the files that
# inherit from this one.
_base_ = './pairs.py'

val_dataloader = dict(
    # Neighbours stay together; what a process repeats is counted once.
    sampler=dict(
        type='mmpretrain.SequentialSampler', subsample_type='sequential'
    ),
    collate_fn=dict(type='elip_mm.stack_pairs'),
)
test_dataloader = val_dataloader

val_evaluator = dict(type='elip_mm.RetrievalRecall', topk=(1, 5, 10))
test_evaluator = val_evaluator

# Retrieval needs all features of a set before it can score any.
val_cfg = dict(type='mmpretrain.RetrievalValLoop')
test_cfg = dict(type='mmpretrain.RetrievalTestLoop')
