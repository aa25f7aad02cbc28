# Copyright (c) elip_mm contributors. All rights reserved.
# Retrieval among drawn scenes: nothing is stored or downloaded.
from mmpretrain.datasets import PackInputs, SequentialSampler
from mmpretrain.engine.runners import RetrievalTestLoop, RetrievalValLoop
from mmpretrain.models import MultiModalDataPreprocessor

from elip_mm.datasets import KeyedSampler, SyntheticScenes, stack_pairs
from elip_mm.evaluation import RetrievalRecall

data_preprocessor = dict(
    type=MultiModalDataPreprocessor,
    mean=[122.7709383, 116.7460125, 104.09373615],
    std=[68.5005327, 66.6321579, 70.32316305],
    to_rgb=True,
)

train_dataloader = dict(
    batch_size=64,
    num_workers=0,
    dataset=dict(
        type=SyntheticScenes,
        level='easy',
        split='train',
        num_scenes=16000,
        image_size=64,
        pipeline=[
            dict(
                type=PackInputs,
                algorithm_keys=['text', 'boxes', 'mentioned'],
                meta_keys=['image_id', 'img_shape'],
            ),
        ],
    ),
    # A repeated sample would be its own false negative.
    sampler=dict(type=KeyedSampler, shuffle=True, round_up=False),
    collate_fn=dict(type=stack_pairs),
    drop_last=True,
)

val_dataloader = dict(
    batch_size=100,
    num_workers=0,
    dataset=dict(
        type=SyntheticScenes,
        level='easy',
        split='val',
        num_scenes=500,
        image_size=64,
        pipeline=[
            dict(
                type=PackInputs,
                algorithm_keys=[
                    'text',
                    'gt_text_id',
                    'gt_image_id',
                    'boxes',
                    'mentioned',
                ],
                meta_keys=['image_id', 'img_shape'],
            ),
        ],
        test_mode=True,
    ),
    # Columns of the score matrix follow the data set across processes.
    sampler=dict(type=SequentialSampler, subsample_type='sequential'),
    collate_fn=dict(type=stack_pairs),
)
test_dataloader = dict(
    val_dataloader,
    dataset=dict(val_dataloader['dataset'], split='test', num_scenes=1000),
)

val_evaluator = dict(type=RetrievalRecall, topk=(1, 5, 10))
test_evaluator = val_evaluator

# Retrieval needs all features of a set before it can score any.
val_cfg = dict(type=RetrievalValLoop)
test_cfg = dict(type=RetrievalTestLoop)
