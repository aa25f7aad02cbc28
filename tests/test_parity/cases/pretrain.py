# Copyright (c) elip_mm contributors. All rights reserved.
"""The reference's whole steps of ALBEF and BLIP pre-training."""

from typing import Callable, Dict

import torch

from elip_mm.converters import albef, blip
from elip_mm.converters.rules import rename
from elip_mm.registry import MODELS

from ..fixture import Fixture, Report, compare_gradients
from ..recorder import Recorder
from .vit import compare_stages, elip_reducer


def build_pretrainer(
    meta: dict, length: int, heads: Dict[str, dict], special: dict, **kwargs
):
    """Build one of the two from the sizes that a parity file names."""
    vit, bert, config = meta['vit'], meta['bert'], meta.get('config', meta)
    image_size = config.get('image_res', config.get('image_size'))
    prune = config['img_prune']
    reducer = elip_reducer(
        dict(
            begin_layers=prune['begin_layer'],
            num_probe_layers=prune['num_act_layers'],
            keep_ratios=prune['keep_ratio'],
            num_keep_tokens=meta['num_keep_tokens'],
            text_weight=0.2,
        ),
        (image_size // vit['patch_size']) ** 2,
    )
    width, joint = bert['hidden_size'], config['embed_dim']
    neck = dict(
        type='mmpretrain.Linear', in_features=width, out_features=joint
    )
    return MODELS.build(
        dict(
            tokenizer=dict(
                type='elip_mm.StandInTokenizer',
                vocab_size=bert['vocab_size'],
                context_length=length,
                **special,
            ),
            vision_backbone=dict(
                type='elip_mm.PrunedViT',
                arch=dict(
                    embed_dims=vit['embed_dim'],
                    num_layers=vit['depth'],
                    num_heads=vit['num_heads'],
                    feedforward_channels=4 * vit['embed_dim'],
                ),
                img_size=image_size,
                patch_size=vit['patch_size'],
                norm_cfg=dict(type='LN', eps=vit['norm_eps']),
                reducer=reducer,
            ),
            text_encoder=dict(
                vocab_size=bert['vocab_size'],
                embed_dims=width,
                num_layers=bert['num_hidden_layers'],
                num_heads=bert['num_attention_heads'],
                context_length=bert['max_position_embeddings'],
                dropout=0.0,
                **kwargs.pop('encoder'),
            ),
            vision_neck=neck,
            text_neck=neck,
            guidance=dict(type='elip_mm.TextCLSGuidance'),
            heads=dict(
                itc=dict(type='elip_mm.MomentumContrastiveHead'),
                itm=dict(
                    type='elip_mm.MatchingHead',
                    embed_dims=width,
                    # As in the files, in place of drawing.
                    negatives='hardest',
                ),
                **{
                    name: dict(
                        type='elip_mm.LanguageHead',
                        name=name,
                        embed_dims=width,
                        vocab_size=bert['vocab_size'],
                        **head,
                    )
                    for name, head in heads.items()
                },
            ),
            queue_size=config['queue_size'],
            joint_dims=joint,
            momentum=config['momentum'],
            alpha=meta['alpha'],
            **kwargs,
        )
    )


def check_albef(fixture: Fixture) -> Report:
    """Run one step of ALBEF without optimiser and compare everything."""
    meta, inputs = fixture.meta, fixture.group('in')
    tokens = meta['tokens']
    model = build_pretrainer(
        meta,
        inputs['input_ids'].shape[1],
        heads=dict(mlm=dict()),
        special=dict(
            pad_id=tokens['pad'],
            cls_id=tokens['cls'],
            mask_id=tokens['mask'],
        ),
        type='elip_mm.ALBEFPretrainer',
        encoder=dict(
            type='elip_mm.ALBEFTextEncoder',
            fusion_layer=meta['bert']['fusion_layer'],
        ),
    )
    # Which words are hidden is given, not drawn.
    model.mask_text = lambda ids: (
        inputs['mlm_input_ids'],
        inputs['mlm_labels'],
    )
    return check_step(model, fixture, albef.from_albef, albef.RULES)


def check_blip(fixture: Fixture) -> Report:
    """Run one step of BLIP without optimiser and compare everything."""
    meta, inputs = fixture.meta, fixture.group('in')
    tokens = meta['tokens']
    model = build_pretrainer(
        meta,
        inputs['input_ids'].shape[1],
        heads=dict(lm=dict(label_smoothing=meta['lm_label_smoothing'])),
        special=dict(
            pad_id=tokens['pad'], dec_id=tokens['bos'], enc_id=tokens['enc']
        ),
        type='elip_mm.BLIPPretrainer',
        encoder=dict(type='elip_mm.BLIPTextEncoder'),
    )
    return check_step(model, fixture, blip.from_blip, blip.RULES)


def check_step(
    model, fixture: Fixture, convert: Callable, rules: list
) -> Report:
    """Load, run a step, and compare losses, gradients and what is left."""
    model.load_state_dict(convert(fixture.group('state')), strict=True)
    model.train()
    inputs, out, report = fixture.group('in'), fixture.group('out'), Report()
    recorder = Recorder(model.vision_backbone)
    losses = model.compute_losses(inputs['image'], inputs['input_ids'])
    total = sum(value for key, value in losses.items() if 'loss' in key)
    total.backward()

    compare_stages(report, recorder, out)
    for name in sorted(n for n in out if n.startswith('loss')):
        report.compare('out', name, losses[name], out[name])

    def our_name(name: str) -> str:
        return next(iter(rename({name: None}, rules)))

    compare_gradients(report, model, fixture.group('grad'), our_name)
    state = model.state_dict()
    for name, value in fixture.group('after').items():
        report.compare('after', name, state[our_name(name)], value)
    online, taught = losses['temperature'], fixture.group('state')['temp']
    report.compare('out', 'temperature', online, torch.as_tensor(taught))
    return report
