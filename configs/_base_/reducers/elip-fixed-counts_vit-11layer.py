# The counts of the released METER code, which are those of 49 patches
# whatever the image: at 288 px, 44 of 324 patches survive the second layer.
_base_ = './elip_vit-11layer.py'

reducer = dict(keep_counts=(44, 34, 22))
