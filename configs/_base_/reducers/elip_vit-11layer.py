# ELIP for METER's 11 layers; shares refer to the patches that are there.
reducer = dict(
    type='elip_mm.ELIPReducer',
    stages=[
        dict(layer=2, look_ahead=2, keep_ratio=0.90),
        dict(layer=4, look_ahead=5, keep_ratio=0.70),
        dict(layer=9, look_ahead=2, keep_ratio=0.45),
    ],
    text_weight=0.2,
)
