_base_ = [
    './clip_tiny_dense_1xb64_synthetic-scenes-64px.py',
    '../_base_/reducers/attentive.py',
]

# The scores come from a moving average of the image tower.
model = dict(
    patch_scorer=dict(type='elip_mm.MomentumPatchScorer'),
    vision_backbone=dict(reducer=_base_.reducer),
)
