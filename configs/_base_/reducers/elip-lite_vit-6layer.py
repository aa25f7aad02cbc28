# ELIP with the cheapest look-ahead, for the tiny towers.
_base_ = './elip_vit-6layer.py'

reducer = dict(
    stages=[
        dict(layer=1, look_ahead=1, keep_ratio=0.90),
        dict(layer=2, look_ahead=1, keep_ratio=0.65),
        dict(layer=5, look_ahead=1, keep_ratio=0.40),
    ]
)
