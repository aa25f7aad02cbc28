# Guidance that can be heard: the text weighs 20 % of the blended token.
_base_ = './clip_tiny_elip_1xb64_synthetic-scenes-64px.py'

model = dict(vision_backbone=dict(reducer=dict(guidance_scale='match_cls')))
