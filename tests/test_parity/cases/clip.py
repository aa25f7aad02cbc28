# Copyright (c) elip_mm contributors. All rights reserved.
"""The reference's dual encoder (open_clip with ELIP)."""

from elip_mm.converters.open_clip import RULES, from_open_clip
from elip_mm.converters.rules import rename
from elip_mm.registry import MODELS

from ..fixture import Fixture, Report, compare_gradients
from ..recorder import Recorder
from .vit import compare_stages, elip_reducer


def build_clip(meta: dict):
    """Build our dual encoder from the sizes that a parity file names."""
    vision, text = meta['vision'], meta['text']
    norm_cfg = dict(type='LN', eps=meta['norm_eps'])
    return MODELS.build(
        dict(
            type='elip_mm.CLIPPretrainer',
            tokenizer=dict(
                type='elip_mm.StandInTokenizer',
                vocab_size=text['vocab_size'],
                context_length=text['context_length'],
            ),
            vision_backbone=dict(
                type='elip_mm.PrunedViT',
                arch=dict(
                    embed_dims=vision['width'],
                    num_layers=vision['layers'],
                    num_heads=meta['vision_heads'],
                    feedforward_channels=4 * vision['width'],
                ),
                img_size=vision['image_size'],
                patch_size=vision['patch_size'],
                norm_cfg=norm_cfg,
                pre_norm=True,
                reducer=elip_reducer(
                    meta, (vision['image_size'] // vision['patch_size']) ** 2
                ),
            ),
            text_encoder=dict(
                type='elip_mm.CLIPTextEncoder',
                vocab_size=text['vocab_size'],
                context_length=text['context_length'],
                embed_dims=text['width'],
                num_layers=text['layers'],
                num_heads=text['heads'],
                norm_cfg=norm_cfg,
            ),
            vision_neck=dict(
                type='elip_mm.JointProjection',
                in_channels=vision['width'],
                out_channels=meta['embed_dim'],
            ),
            text_neck=dict(
                type='elip_mm.JointProjection',
                in_channels=text['width'],
                out_channels=meta['embed_dim'],
            ),
            guidance=dict(type='elip_mm.TiedProjectionGuidance'),
            heads=dict(contrastive=dict(type='elip_mm.ContrastiveHead')),
        )
    )


def our_name(name: str) -> str:
    """Our name of one parameter of open_clip."""
    return next(iter(rename({name: None}, RULES)))


def check_clip(fixture: Fixture) -> Report:
    """Run one training step without optimiser and compare everything."""
    model = build_clip(fixture.meta)
    model.load_state_dict(from_open_clip(fixture.group('state')), strict=True)
    inputs, out, report = fixture.group('in'), fixture.group('out'), Report()
    image, ids = inputs['image'], inputs['text']

    plain = model.embed_image(model.encode_image(image))
    report.compare(
        'out', 'image_features_unpruned', plain, out['image_features_unpruned']
    )
    recorder = Recorder(model.vision_backbone)
    text = model.encode_text(ids)
    vision = model.encode_image(image, model.hints(image, text))
    pairs = model.fuse(text, vision)
    losses = model.heads['contrastive'].loss(pairs)
    losses['loss_contrastive'].backward()

    compare_stages(report, recorder, out)
    report.compare(
        'out', 'image_features', pairs.image_embed, out['image_features']
    )
    report.compare(
        'out', 'text_features', pairs.text_embed, out['text_features']
    )
    report.compare('out', 'loss', losses['loss_contrastive'], out['loss'])
    report.compare(
        'out', 'logit_scale', 1 / losses['temperature'], out['logit_scale']
    )
    compare_gradients(report, model, fixture.group('grad'), our_name)
    return report
