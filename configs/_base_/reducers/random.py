# FLIP's masking for any depth, at the mean number of tokens of ELIP. FLIP
# itself keeps 0.5 or less.
reducer = dict(type='elip_mm.RandomReducer', keep_ratio=0.72)
