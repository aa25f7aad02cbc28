# Drawn scenes for quick recipes: nothing is stored or downloaded, and every
# epoch of training brings fresh ones.
data_preprocessor = dict(
    type='mmpretrain.MultiModalDataPreprocessor',
    # The statistics of CLIP, as in the full-size recipes.
    mean=[122.7709383, 116.7460125, 104.09373615],
    std=[68.5005327, 66.6321579, 70.32316305],
    to_rgb=True,
)

train_pipeline = [
    dict(
        type='mmpretrain.PackInputs',
        algorithm_keys=['text', 'boxes', 'mentioned'],
        meta_keys=['image_id', 'img_shape'],
    ),
]
test_pipeline = [
    dict(
        type='mmpretrain.PackInputs',
        algorithm_keys=[
            'text',
            'gt_text_id',
            'gt_image_id',
            'boxes',
            'mentioned',
        ],
        meta_keys=['image_id', 'img_shape'],
    ),
]

train_dataloader = dict(
    batch_size=64,
    num_workers=0,  # drawing costs a quarter of a millisecond a scene
    dataset=dict(
        type='elip_mm.SyntheticScenes',
        level='easy',
        split='train',
        num_scenes=6400,
        image_size=64,
        pipeline=train_pipeline,
    ),
    # A repeated sample would be its own false negative.
    sampler=dict(type='elip_mm.KeyedSampler', shuffle=True, round_up=False),
    collate_fn=dict(type='default_collate'),
    drop_last=True,
)

val_dataloader = dict(
    batch_size=100,
    num_workers=0,
    dataset=dict(
        type='elip_mm.SyntheticScenes',
        level='easy',
        split='val',
        num_scenes=500,
        image_size=64,
        pipeline=test_pipeline,
        test_mode=True,
    ),
    sampler=dict(
        type='mmpretrain.SequentialSampler', subsample_type='sequential'
    ),
    collate_fn=dict(type='default_collate'),
)

test_dataloader = dict(
    val_dataloader,
    dataset=dict(val_dataloader['dataset'], split='test', num_scenes=1000),
)

val_evaluator = dict(type='elip_mm.RetrievalRecall', topk=(1, 5, 10))
test_evaluator = val_evaluator

# Retrieval needs all features of a set before it can score any.
val_cfg = dict(type='mmpretrain.RetrievalValLoop')
test_cfg = dict(type='mmpretrain.RetrievalTestLoop')
