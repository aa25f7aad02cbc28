# The memory that ELIP frees holds a larger batch.
_base_ = './blip_vit-base-p16_elip_4xb42-15e_coco-vg-cc-sbu-224px.py'

train_dataloader = dict(batch_size=56)
