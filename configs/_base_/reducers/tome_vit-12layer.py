# ToMe at 224 px and patches of 16, at the mean number of tokens of ELIP.
reducer = dict(type='elip_mm.ToMeReducer', num_merge=9)
