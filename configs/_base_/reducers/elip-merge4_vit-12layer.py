# ELIP, but what is not kept becomes four tokens by similarity instead of one.
_base_ = './elip_vit-12layer.py'

reducer = dict(merge_tokens=4)
