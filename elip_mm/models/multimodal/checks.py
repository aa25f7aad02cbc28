# Copyright (c) elip_mm contributors. All rights reserved.
"""Whether the parts of a model fit together, before anything is trained."""

from typing import Any


def check_parts(model: Any) -> None:
    """Raise a ValueError if parts of a language-image model do not fit.

    Args:
        model (LanguageImageModel): With all of its parts.
    """
    _check_tokenizer(model)
    if model.guidance is not None:
        model.guidance.check(
            model.text_encoder.embed_dims,
            model.vision_backbone.embed_dims,
            model.vision_neck,
        )
    if model.fusion is not None:
        _check_fusion(model)


def _check_tokenizer(model: Any) -> None:
    """Token ids must mean the same to tokenizer and text encoder."""
    name = type(model).__name__
    tokenizer, encoder = model.tokenizer, model.text_encoder
    if tokenizer.vocab_size > encoder.vocab_size:
        raise ValueError(
            f'{name}: the tokenizer has {tokenizer.vocab_size} tokens, '
            f'but the text encoder knows {encoder.vocab_size}; set '
            f'text_encoder.vocab_size={tokenizer.vocab_size}.'
        )
    if tokenizer.context_length > encoder.context_length:
        raise ValueError(
            f'{name}: the tokenizer gives {tokenizer.context_length} '
            'tokens per caption, but the text encoder takes at most '
            f'{encoder.context_length}; make the two equal.'
        )
    # Texts would be read with their padding, or parts of them not at all.
    padding = getattr(tokenizer, 'pad_id', None)
    expected = getattr(encoder, 'pad_id', padding)
    if padding not in (None, expected):
        raise ValueError(
            f'{name}: the tokenizer pads with {padding}, but the text '
            f'encoder takes {expected} for padding; set '
            f'text_encoder.config.pad_token_id={padding}.'
        )


def _check_fusion(model: Any) -> None:
    """A fusion must expect the widths that the two encoders have."""
    for part, name in (
        (model.text_encoder, 'text'),
        (model.vision_backbone, 'image'),
    ):
        wanted = getattr(model.fusion, f'{name}_dims')
        if part.embed_dims != wanted:
            raise ValueError(
                f'{type(model).__name__}: the {name} encoder is '
                f'{part.embed_dims} wide, but the fusion expects '
                f'{wanted}; set fusion.{name}_dims={part.embed_dims}.'
            )
