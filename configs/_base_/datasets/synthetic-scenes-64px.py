# Retrieval among drawn scenes.
_base_ = ['./retrieval.py', './synthetic-scenes.py']

train_dataloader = dict(
    _base_.scenes_loader, batch_size=64, dataset=_base_.train_scenes
)
val_dataloader = dict(
    _base_.scenes_loader, batch_size=100, dataset=_base_.val_scenes
)
test_dataloader = dict(
    _base_.scenes_loader, batch_size=100, dataset=_base_.test_scenes
)
