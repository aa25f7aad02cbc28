# BLIP pre-training on COCO, Visual Genome, CC3M and SBU ("4M") as lists of
# image-caption pairs. How the files look: docs/en/data.md.
data_preprocessor = dict(
    type='mmpretrain.MultiModalDataPreprocessor',
    mean=[122.7709383, 116.7460125, 104.09373615],
    std=[68.5005327, 66.6321579, 70.32316305],
    to_rgb=True,
)

train_pipeline = [
    dict(type='mmpretrain.LoadImageFromFile'),
    dict(type='elip_mm.CleanPairCaption', style='blip'),
    dict(
        type='mmpretrain.RandomResizedCrop',
        scale=224,
        crop_ratio_range=(0.2, 1.0),
        backend='pillow',
        interpolation='bicubic',
    ),
    # As published, although captions say left and right.
    dict(type='mmcv.RandomFlip', prob=0.5, direction='horizontal'),
    # At this level brightness and sharpness do nothing.
    dict(type='elip_mm.RandomAugment', num_ops=2, level=5),
    dict(
        type='mmpretrain.PackInputs',
        algorithm_keys=['text'],
        meta_keys=['image_id', 'img_path'],
    ),
]
test_pipeline = [
    dict(type='mmpretrain.LoadImageFromFile'),
    dict(type='elip_mm.CleanPairCaption', style='blip'),
    dict(
        type='mmpretrain.Resize',
        scale=(224, 224),
        backend='pillow',
        interpolation='bicubic',
    ),
    dict(
        type='mmpretrain.PackInputs',
        algorithm_keys=['text', 'gt_text_id', 'gt_image_id'],
        meta_keys=['image_id', 'img_path'],
    ),
]

train_dataloader = dict(
    batch_size=42,  # a GPU; the published recipe has 4 of them
    num_workers=4,
    persistent_workers=True,
    dataset=dict(
        type='elip_mm.ImageTextPairs',
        data_root='data',
        ann_file=[
            'annotations/coco.json',
            'annotations/vg.json',
            'annotations/cc3m_train.json',
            'annotations/cc3m_val.json',
            'annotations/sbu.json',
        ],
        data_prefix=dict(img='images'),
        pipeline=train_pipeline,
    ),
    # A repeated sample would be its own false negative.
    sampler=dict(type='elip_mm.KeyedSampler', shuffle=True, round_up=False),
    collate_fn=dict(type='default_collate'),
    drop_last=True,
)

val_dataloader = dict(
    batch_size=64,
    num_workers=4,
    persistent_workers=True,
    dataset=dict(
        type='elip_mm.ImageTextPairs',
        data_root='data',
        ann_file='annotations/coco_karpathy_val.json',
        data_prefix=dict(img='images'),
        pipeline=test_pipeline,
        test_mode=True,
    ),
    # Columns of the score matrix follow the data set across processes.
    sampler=dict(
        type='mmpretrain.SequentialSampler', subsample_type='sequential'
    ),
    collate_fn=dict(type='default_collate'),
)

test_dataloader = dict(
    val_dataloader,
    dataset=dict(
        val_dataloader['dataset'],
        ann_file='annotations/coco_karpathy_test.json',
    ),
)

val_evaluator = dict(type='elip_mm.RetrievalRecall', topk=(1, 5, 10))
test_evaluator = val_evaluator

# Retrieval needs all features of a set before it can score any.
val_cfg = dict(type='mmpretrain.RetrievalValLoop')
test_cfg = dict(type='mmpretrain.RetrievalTestLoop')
