# The same on the 12M data: with CC12M.
_base_ = './albef_vit-base-p16_dense_4xb40-20e_coco-vg-cc-sbu-256px.py'

train_dataloader = dict(dataset=dict(ann_file=_base_.lists_12m))
