# Copyright (c) elip_mm contributors. All rights reserved.
"""The reference's vision towers: ALBEF's (also BLIP's) and METER's."""

import torch

from elip_mm.converters.rules import rename
from elip_mm.converters.vit import (
    CLIP_VIT,
    TIMM_VIT,
    from_clip_vit,
    from_timm_vit,
)
from elip_mm.models.backbones import PrunedViT
from elip_mm.ops import base_count, ratio_to_count
from elip_mm.structures import Hints

from ..fixture import Fixture, Report, compare_gradients
from ..recorder import Recorder


def elip_reducer(meta: dict, num_patches: int) -> dict:
    """Config of the reducer from the sizes that a parity file names.

    The counts follow from the shares by one of our two rules. A file whose
    counts were set in another way gets them literally.
    """
    stages = [
        dict(layer=layer, look_ahead=depth, keep_ratio=keep)
        for layer, depth, keep in zip(
            meta['begin_layers'], meta['num_probe_layers'], meta['keep_ratios']
        )
    ]
    reducer = dict(
        type='elip_mm.ELIPReducer',
        stages=stages,
        text_weight=meta['text_weight'],
    )
    wanted = list(meta['num_keep_tokens'])
    for rule in ('patches', 'tokens'):
        base = base_count(rule, num_patches, num_prefix=1)
        if [ratio_to_count(s['keep_ratio'], base) for s in stages] == wanted:
            return dict(reducer, count_base=rule)
    return dict(reducer, keep_counts=wanted)


def compare_stages(
    report: Report, recorder: Recorder, out: dict, infix: str = ''
) -> None:
    """Compare scores and kept positions of all stages."""
    expected = sum(name.startswith(f'keep.{infix}') for name in out)
    report.compare(
        'keep',
        f'{infix}stages',
        torch.tensor(len(recorder.kept)),
        torch.tensor(expected),
    )
    if len(recorder.kept) != expected:
        return
    for index, (scores, kept) in enumerate(
        zip(recorder.scores, recorder.kept)
    ):
        report.compare(
            'keep', f'{infix}{index}', kept, out[f'keep.{infix}{index}']
        )
        name = f'score.{infix}{index}'
        if name in out:
            report.compare('out', name, scores, out[name])


def check_vit(fixture: Fixture) -> Report:
    """Run a vision tower as the file describes and compare everything."""
    meta = fixture.meta
    clip_style = 'clip' in meta['arch']
    backbone = PrunedViT(
        arch=dict(
            embed_dims=meta['embed_dim'],
            num_layers=meta.get('num_blocks', meta.get('depth')),
            num_heads=meta['num_heads'],
            feedforward_channels=meta['embed_dim'] * meta['mlp_ratio'],
        ),
        img_size=meta['img_size'],
        patch_size=meta['patch_size'],
        norm_cfg=dict(type='LN', eps=meta['norm_eps']),
        pre_norm=clip_style,
        layer_cfgs=dict(act_cfg=dict(type='mmpretrain.QuickGELU'))
        if 'QuickGELU' in meta['arch']
        else dict(),
        out_type='raw',
        reducer=elip_reducer(
            meta, (meta['img_size'] // meta['patch_size']) ** 2
        ),
    )
    convert = from_clip_vit if clip_style else from_timm_vit
    rules = CLIP_VIT if clip_style else TIMM_VIT
    backbone.load_state_dict(convert(fixture.group('state')), strict=True)

    inputs, out, report = fixture.group('in'), fixture.group('out'), Report()
    hints = Hints(guidance=inputs['text_cls'])
    if 'cut_layers' in meta:  # only what the first layers decide
        recorder = Recorder(backbone)
        backbone(inputs['image'], hints)
        compare_stages(report, recorder, out)
        return report

    image = inputs['image'].requires_grad_()
    report.compare(
        'out', 'tokens_unpruned', backbone(image)[-1], out['tokens_unpruned']
    )
    recorder = Recorder(backbone)
    tokens = backbone(image, hints)[-1]
    (tokens * inputs['probe']).sum().backward()
    compare_stages(report, recorder, out)
    report.compare('out', 'tokens', tokens, out['tokens'])

    gradients = fixture.group('grad')
    if 'image' in gradients:
        report.compare('grad', 'image', image.grad, gradients.pop('image'))
    compare_gradients(
        report,
        backbone,
        gradients,
        lambda name: next(iter(rename({name: None}, rules))),
    )
    return report
