# A-CLIP's masking for any depth, at the mean number of tokens of ELIP. The
# model needs a patch_scorer, such as MomentumPatchScorer.
reducer = dict(type='elip_mm.AttentiveReducer', keep_ratio=0.72)
