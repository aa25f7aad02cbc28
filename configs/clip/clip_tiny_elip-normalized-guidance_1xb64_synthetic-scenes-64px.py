# Guidance that can be heard: the text weighs 30 % of the blended token.
_base_ = './clip_tiny_elip_1xb64_synthetic-scenes-64px.py'

calibrated = dict(guidance_scale='match_cls', text_weight=0.3)
model = dict(vision_backbone=dict(reducer=calibrated))
