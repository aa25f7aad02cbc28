# ELIP for 12 layers, as in the paper; counts of ALBEF and BLIP.
reducer = dict(
    type='elip_mm.ELIPReducer',
    stages=[  # before which layer, how far to look, share of initial patches
        dict(layer=2, look_ahead=2, keep_ratio=0.90),
        dict(layer=4, look_ahead=6, keep_ratio=0.65),
        dict(layer=10, look_ahead=2, keep_ratio=0.40),
    ],
    text_weight=0.2,
)
