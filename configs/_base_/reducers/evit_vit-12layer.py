# EViT's own schedule for 12 layers; shares of the tokens that are left.
reducer = dict(type='elip_mm.EViTReducer', layers=(3, 6, 9), keep_ratio=0.7)
