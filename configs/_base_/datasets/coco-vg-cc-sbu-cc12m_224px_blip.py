# The "4M" data of BLIP together with CC12M.
_base_ = './coco-vg-cc-sbu_224px_blip.py'

train_dataloader = dict(
    dataset=dict(
        ann_file=[
            'annotations/coco.json',
            'annotations/vg.json',
            'annotations/cc3m_train.json',
            'annotations/cc3m_val.json',
            'annotations/sbu.json',
            'annotations/cc12m.json',
        ]
    )
)
