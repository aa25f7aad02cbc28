# EViT for the tiny towers, at the mean number of tokens of ELIP.
reducer = dict(type='elip_mm.EViTReducer', layers=(1, 3), keep_ratio=0.7)
