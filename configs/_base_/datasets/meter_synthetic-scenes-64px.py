# Drawn scenes for METER. Nothing but reading teaches the image tower, so they
# are the plainest ones.
_base_ = ['./matching.py', './synthetic-scenes.py']

level = 'plain'
train_dataloader = dict(
    _base_.scenes_loader,
    batch_size=32,
    dataset=dict(_base_.train_scenes, num_scenes=6400, level=level),
)
val_dataloader = dict(
    _base_.scenes_loader,
    batch_size=100,
    dataset=dict(dataset=dict(_base_.val_scenes, level=level)),
)
test_dataloader = dict(
    _base_.scenes_loader,
    batch_size=100,
    dataset=dict(dataset=dict(_base_.test_scenes, level=level)),
)
