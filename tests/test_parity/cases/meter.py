# Copyright (c) elip_mm contributors. All rights reserved.
"""The reference's METER: both passes of a step, co-attention included."""

from dataclasses import replace

from elip_mm.converters.meter import RULES, from_meter
from elip_mm.converters.rules import rename
from elip_mm.registry import MODELS

from ..fixture import Fixture, Report, compare_gradients
from ..recorder import Recorder
from .vit import compare_stages, elip_reducer


def build_meter(meta: dict):
    """Build our METER from the sizes that a parity file names."""
    config, text = meta['config'], meta['text']
    dims = config['input_image_embed_size']
    side = config['image_size'] // meta['patch_size']
    prune = config['img_prune']
    reducer = elip_reducer(
        dict(
            begin_layers=prune['begin_layer'],
            num_probe_layers=prune['num_act_layers'],
            keep_ratios=prune['keep_ratio'],
            text_weight=0.2,
            num_keep_tokens=meta['num_keep_tokens'],
        ),
        side**2,
    )
    return MODELS.build(
        dict(
            type='elip_mm.METERPretrainer',
            tokenizer=dict(
                type='elip_mm.StandInTokenizer',
                vocab_size=config['vocab_size'],
                context_length=config['max_text_len'],
            ),
            vision_backbone=dict(
                type='elip_mm.PrunedViT',
                arch=dict(
                    embed_dims=dims,
                    num_layers=meta['vit_blocks'],
                    num_heads=meta['vit_heads'],
                    feedforward_channels=4 * dims,
                ),
                img_size=config['image_size'],
                patch_size=meta['patch_size'],
                norm_cfg=dict(type='LN', eps=1e-5),
                pre_norm=True,
                layer_cfgs=dict(act_cfg=dict(type='mmpretrain.QuickGELU')),
                reducer=reducer,
            ),
            text_encoder=dict(
                type='elip_mm.HFTextEncoder',
                config=dict(
                    model_type='bert',
                    vocab_size=config['vocab_size'],
                    hidden_size=config['input_text_embed_size'],
                    max_position_embeddings=config['max_text_len'],
                    hidden_dropout_prob=config['drop_rate'],
                    attention_probs_dropout_prob=config['drop_rate'],
                    **text,
                ),
            ),
            guidance=dict(type='elip_mm.TextCLSGuidance'),
            fusion=dict(
                type='elip_mm.CoAttentionFusion',
                text_dims=config['input_text_embed_size'],
                image_dims=dims,
                embed_dims=config['hidden_size'],
                num_layers=config['num_top_layer'],
                num_heads=config['num_heads'],
                drop_rate=config['drop_rate'],
            ),
            heads=dict(
                mlm=dict(
                    type='elip_mm.METERMLMHead',
                    embed_dims=config['hidden_size'],
                    vocab_size=config['vocab_size'],
                ),
                itm=dict(
                    type='elip_mm.METERITMHead',
                    embed_dims=config['hidden_size'],
                ),
            ),
        )
    )


def our_name(name: str) -> str:
    """Our name of one parameter of the reference."""
    return next(iter(rename({name: None}, RULES)))


def check_meter(fixture: Fixture) -> Report:
    """Run both passes of a step without optimiser and compare everything."""
    model = build_meter(fixture.meta)
    model.load_state_dict(from_meter(fixture.group('state')), strict=True)
    inputs, out, report = fixture.group('in'), fixture.group('out'), Report()
    image, ids, matched = (
        inputs[name] for name in ('image', 'input_ids', 'itm_labels')
    )

    recorder = Recorder(model.vision_backbone)
    masked = model.masked_pairs(
        image, inputs['mlm_input_ids'], inputs['mlm_labels']
    )
    mlm = model.heads['mlm'].loss(masked)
    compare_stages(report, recorder, out, 'mlm.')

    recorder.scores.clear()
    recorder.plans.clear()
    own = matched.view(-1, 1, 1, 1) == 1
    shown = image.where(own, inputs['false_image'])
    pairs = replace(model.encode_pairs(shown, ids), matched=matched)
    itm = model.heads['itm'].loss(pairs)
    fused = pairs.fused
    compare_stages(report, recorder, out, 'itm.')

    (mlm['loss_mlm'] + itm['loss_itm']).backward()
    report.compare('out', 'loss_mlm', mlm['loss_mlm'], out['loss_mlm'])
    report.compare('out', 'loss_itm', itm['loss_itm'], out['loss_itm'])
    logits = model.heads['itm'](fused)
    report.compare('out', 'itm_logits', logits, out['itm_logits'])
    report.compare('out', 'cls_feats', fused.joint, out['cls_feats'])
    compare_gradients(report, model, fixture.group('grad'), our_name)
    return report
