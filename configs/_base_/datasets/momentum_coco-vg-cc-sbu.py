# COCO, Visual Genome, CC3M and SBU ("4M") for ALBEF and BLIP, which differ in
# size and pipelines. With CC12M they are "12M":
# `train_dataloader = dict(dataset=dict(ann_file=_base_.lists_12m))`.
_base_ = ['./retrieval.py', './image-text-pairs.py']

lists_4m = [
    'annotations/coco.json',
    'annotations/vg.json',
    'annotations/cc3m_train.json',
    'annotations/cc3m_val.json',
    'annotations/sbu.json',
]
lists_12m = [*lists_4m, 'annotations/cc12m.json']

crop = dict(crop_ratio_range=(0.2, 1.0))
# As published, although captions say left and right.
flip = dict(type='mmcv.RandomFlip', prob=0.5, direction='horizontal')
augment = dict(type='elip_mm.RandomAugment', num_ops=2)

train_dataloader = dict(
    _base_.loader, dataset=dict(_base_.train_pairs, ann_file=lists_4m)
)
val_dataloader = dict(_base_.loader, batch_size=64, dataset=_base_.val_pairs)
test_dataloader = dict(_base_.loader, batch_size=64, dataset=_base_.test_pairs)
