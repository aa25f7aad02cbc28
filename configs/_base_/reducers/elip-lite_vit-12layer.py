# ELIP with the cheapest look-ahead: the blended class token asks the keys of
# the layer that comes next anyway.
_base_ = './elip_vit-12layer.py'

reducer = dict(
    stages=[
        dict(layer=2, look_ahead=1, keep_ratio=0.90),
        dict(layer=4, look_ahead=1, keep_ratio=0.65),
        dict(layer=10, look_ahead=1, keep_ratio=0.40),
    ]
)
