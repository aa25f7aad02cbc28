# ELIP for CLIP: its shares refer to all tokens, the class token included.
_base_ = './elip_vit-12layer.py'

reducer = dict(count_base='tokens')
