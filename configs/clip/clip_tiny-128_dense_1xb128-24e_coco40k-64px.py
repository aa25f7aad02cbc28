# CLIP on photographs, in about an hour on two cores. Where they come from:
# docs/en/how_to/photographs.md.
_base_ = [
    '../_base_/models/clip_tiny-128.py',
    '../_base_/datasets/coco40k-64px.py',
    '../_base_/schedules/clip_adamw-cosine_coco40k.py',
    '../_base_/tiny_runtime.py',
]
