# Drawn scenes for quick recipes: nothing is stored or downloaded, and every
# epoch of training brings fresh ones.
scenes = dict(type='elip_mm.SyntheticScenes', level='easy', image_size=64)
train_scenes = dict(
    scenes,
    split='train',
    num_scenes=16000,
    pipeline=[
        dict(
            type='mmpretrain.PackInputs',
            algorithm_keys=['text', 'boxes', 'mentioned'],
            meta_keys=['image_id', 'img_shape'],
        ),
    ],
)
val_scenes = dict(
    scenes,
    split='val',
    num_scenes=500,
    pipeline=[
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
    ],
    test_mode=True,
)
test_scenes = dict(val_scenes, split='test', num_scenes=1000)

# Drawing a scene takes a quarter of a millisecond.
scenes_loader = dict(num_workers=0)
