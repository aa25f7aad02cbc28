# Lists of image-caption pairs: what the recipes of all families share. Each
# adds its pipelines, batch size and lists. How the files look:
# docs/en/how_to/data.md.
data_preprocessor = dict(
    type='mmpretrain.MultiModalDataPreprocessor',
    mean=[122.7709383, 116.7460125, 104.09373615],
    std=[68.5005327, 66.6321579, 70.32316305],
    to_rgb=True,
)

load = dict(type='mmpretrain.LoadImageFromFile')
train_pack = dict(
    type='mmpretrain.PackInputs',
    algorithm_keys=['text'],
    meta_keys=['image_id', 'img_path'],
)
test_pack = dict(
    type='mmpretrain.PackInputs',
    algorithm_keys=['text', 'gt_text_id', 'gt_image_id'],
    meta_keys=['image_id', 'img_path'],
)

train_dataloader = dict(
    num_workers=4,
    persistent_workers=True,
    dataset=dict(
        type='elip_mm.ImageTextPairs',
        data_root='data',
        data_prefix=dict(img='images'),
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
