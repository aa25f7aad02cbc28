# ToMe for the tiny towers (64 patches), at the mean number of tokens of ELIP.
reducer = dict(type='elip_mm.ToMeReducer', num_merge=6)
