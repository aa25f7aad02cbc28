# A global batch of 8192, of which only 440 pairs per process are in the towers
# at a time: negatives that accumulation would not add. The rate follows the
# batch with --auto-scale-lr.
_base_ = [
    './clip_vit-base-p16_dense_4xb440-32e_cc12m-coco-sbu-224px.py',
    '../_base_/reducers/elip-lite_vit-12layer.py',
]

model = dict(chunk_size=440, vision_backbone=dict(reducer=_base_.reducer))

train_dataloader = dict(batch_size=2048)
