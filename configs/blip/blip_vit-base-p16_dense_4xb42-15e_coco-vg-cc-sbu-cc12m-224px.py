# The same on the 12M data: with CC12M.
_base_ = './blip_vit-base-p16_dense_4xb42-15e_coco-vg-cc-sbu-224px.py'

train_dataloader = dict(dataset=dict(ann_file=_base_.lists_12m))
