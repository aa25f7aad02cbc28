# Drawn scenes of which every patch says what it shows. Half of them are
# 'easy', half 'medium', so that later trainings may use either. One epoch has
# them all.
_base_ = ['./pairs.py', './synthetic-scenes.py']

data_preprocessor = dict(type='mmpretrain.ClsDataPreprocessor')

labels = ('shape', 'colour')
dense_pipeline = [
    dict(type='elip_mm.LabelPatches', patch_size=8, names=labels),
    dict(
        type='mmpretrain.PackInputs',
        algorithm_keys=['patch_labels'],
        meta_keys=['image_id', 'img_shape'],
    ),
]
dense_scenes = dict(_base_.train_scenes, pipeline=dense_pipeline)
train_dataloader = dict(
    _base_.scenes_loader,
    batch_size=64,
    dataset=dict(
        type='ConcatDataset',
        ignore_keys='classes',  # those of whole scenes
        datasets=[
            dict(dense_scenes, level='easy', num_scenes=192000),
            dict(dense_scenes, level='medium', num_scenes=192000),
        ],
    ),
)
val_dataloader = dict(
    _base_.scenes_loader,
    batch_size=100,
    dataset=dict(dense_scenes, split='val', level='easy', num_scenes=500),
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='elip_mm.stack_pairs'),
)
test_dataloader = dict(
    val_dataloader, dataset=dict(dense_scenes, split='test', level='easy')
)

val_evaluator = dict(type='elip_mm.PatchAccuracy', names=labels)
test_evaluator = val_evaluator
val_cfg = dict()
test_cfg = dict()
