# GLIP's masking for any depth, at the mean number of tokens of ELIP.
reducer = dict(type='elip_mm.CenterReducer', keep_ratio=0.72)
