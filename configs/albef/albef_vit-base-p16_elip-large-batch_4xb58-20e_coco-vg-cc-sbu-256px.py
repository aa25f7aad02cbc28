# The memory that ELIP frees holds a larger batch.
_base_ = './albef_vit-base-p16_elip_4xb40-20e_coco-vg-cc-sbu-256px.py'

train_dataloader = dict(batch_size=58)
