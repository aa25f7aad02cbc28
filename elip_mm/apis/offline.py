# Copyright (c) elip_mm contributors. All rights reserved.
"""Configs of models without the files that they would fetch."""

from typing import Any, Dict

from elip_mm.checkpoint import has_pretrained
from elip_mm.models.text_encoders.hf_text import read_config


def without_downloads(model: Dict[str, Any]) -> Dict[str, Any]:
    """Leave out weights that parts of a model would start from.

    Args:
        model (dict): Config of a model.

    Returns:
        dict: A copy without ``init_cfg`` of type ``Pretrained`` and without
        ``pretrained``, at any depth.
    """
    return _strip(model)


def without_files(model: Dict[str, Any]) -> Dict[str, Any]:
    """Make a model that can be built without vocabulary and weight files.

    Args:
        model (dict): Config of a model of this library.

    Returns:
        dict: A copy like that of :func:`without_downloads`, with random words
        in place of its tokenizer.
    """
    if not {'vision_backbone', 'text_encoder'} <= set(model):
        raise ValueError(
            'this needs a recipe of a pre-trainer of elip_mm, whose model has '
            'a vision_backbone and a text_encoder, but this one has '
            f'{sorted(model)}.'
        )
    model = without_downloads(model)
    model['tokenizer'] = _stand_in(model['text_encoder'])
    if 'whole_words' in model:
        model['whole_words'] = False  # made-up words have no pieces
    return model


def _strip(node: Any) -> Any:
    if isinstance(node, dict):
        return {
            key: _strip(value)
            for key, value in node.items()
            if key != 'pretrained'
            and not (key == 'init_cfg' and has_pretrained(value))
        }
    if isinstance(node, (list, tuple)):
        return type(node)(_strip(value) for value in node)
    return node


def _stand_in(encoder: Dict[str, Any]) -> Dict[str, Any]:
    """Tokenizer whose ids fit a text encoder."""
    sizes = dict(encoder)
    if 'config' in encoder:  # that of transformers knows what is not said
        config = read_config(encoder['config'])
        sizes.setdefault('pad_id', config.pad_token_id or 0)
        sizes.setdefault('vocab_size', config.vocab_size)
    return dict(
        type='elip_mm.StandInTokenizer',
        vocab_size=sizes.get('vocab_size', 30522),
        context_length=sizes.get('context_length', 30),
        pad_id=sizes.get('pad_id', 0),
    )
