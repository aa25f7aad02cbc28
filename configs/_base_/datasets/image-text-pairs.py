# Lists of image-caption pairs, in named parts of which the data of each family
# are put together. How the files look: docs/en/how_to/data.md.
pairs = dict(
    type='elip_mm.ImageTextPairs',
    data_root='data',
    data_prefix=dict(img='images'),
)
# Training adds its lists (`ann_file`), and all three a pipeline.
train_pairs = pairs
val_pairs = dict(
    pairs, ann_file='annotations/coco_karpathy_val.json', test_mode=True
)
test_pairs = dict(val_pairs, ann_file='annotations/coco_karpathy_test.json')

loader = dict(num_workers=4, persistent_workers=True)

# Steps of the pipelines; crops and resizings still lack their size.
load = dict(type='mmpretrain.LoadImageFromFile')
crop = dict(
    type='mmpretrain.RandomResizedCrop',
    backend='pillow',
    interpolation='bicubic',
)
resize = dict(
    type='mmpretrain.Resize', backend='pillow', interpolation='bicubic'
)
resize_edge = dict(
    type='mmpretrain.ResizeEdge',
    edge='short',
    backend='pillow',
    interpolation='bicubic',
)
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
