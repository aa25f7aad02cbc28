# A-CLIP's masking for any depth, at the mean number of tokens of ELIP. The
# model has to pass scores, as AttentiveCLIPPretrainer does.
reducer = dict(type='elip_mm.AttentiveReducer', keep_ratio=0.72)
