# Copyright (c) elip_mm contributors. All rights reserved.
import inspect
from typing import Any, Iterable, List, Optional, Union

import torch
from mmengine.model import BaseModule
from torch import Tensor, nn

from elip_mm.registry import MODELS
from elip_mm.structures import TextFeatures
from elip_mm.utils.resources import local_path

from .hf_weights import load_hf_encoder

# Models that number positions from behind the padding id.
SHIFTED_POSITIONS = ('roberta', 'xlm-roberta', 'camembert', 'mpnet')


def pool_first(tokens: Tensor, mask: Tensor) -> Tensor:
    """State at position 0 of each text, shape ``(B, C)``."""
    return tokens[:, 0]


def pool_mean(tokens: Tensor, mask: Tensor) -> Tensor:
    """Mean over the words of each text, padding left out, ``(B, C)``."""
    weight = mask.to(tokens.dtype).unsqueeze(-1)
    return (tokens * weight).sum(1) / weight.sum(1).clamp(min=1)


def pool_last(tokens: Tensor, mask: Tensor) -> Tensor:
    """State of the last word of each text, shape ``(B, C)``."""
    place = torch.arange(tokens.shape[1], device=tokens.device)
    last = (place * mask).argmax(dim=1)
    return tokens[torch.arange(len(tokens), device=tokens.device), last]


POOLING = dict(cls=pool_first, mean=pool_mean, last=pool_last)


@MODELS.register_module()
class HFTextEncoder(BaseModule):
    """Any encoder of Hugging Face's transformers.

    Args:
        config (dict | str): Sizes as ``dict(model_type='bert', ...)``, where
            what is not named has the default of that type; or a local folder
            or hub name to read them from.
        vocab_size (int, optional): Size of the vocabulary. Defaults to None,
            that of ``config``.
        context_length (int, optional): Most tokens of a caption. Defaults to
            None, as many as ``config`` has positions for.
        pooling (str): What stands for the whole text: ``'cls'``, the state
            at position 0; ``'mean'`` of all words; or ``'last'``, the state
            of the last word. Defaults to 'cls'.
        pretrained (str, optional): Local folder or hub name whose weights
            are loaded when weights are initialised. Defaults to None, random
            weights.

    Examples:
        >>> HFTextEncoder(dict(model_type='roberta', vocab_size=50265))

    Source: BERT, https://arxiv.org/abs/1810.04805; RoBERTa,
    https://arxiv.org/abs/1907.11692.
    """

    def __init__(
        self,
        config: Union[dict, str],
        vocab_size: Optional[int] = None,
        context_length: Optional[int] = None,
        pretrained: Optional[str] = None,
        pooling: str = 'cls',
        init_cfg: Optional[dict] = None,
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        if pooling not in POOLING:
            raise ValueError(
                f'HFTextEncoder: pooling must be one of {sorted(POOLING)}, '
                f'but got {pooling!r}.'
            )
        self.pooling = pooling
        sizes = read_config(config)
        self.pad_id = sizes.pad_token_id or 0
        shifted = sizes.model_type in SHIFTED_POSITIONS
        unused = self.pad_id + 1 if shifted else 0
        if vocab_size is not None:
            sizes.vocab_size = vocab_size
        if context_length is not None:
            sizes.max_position_embeddings = context_length + unused
        self.model = build_encoder(sizes)
        self.pretrained = pretrained
        self.vocab_size = sizes.vocab_size
        self.embed_dims = sizes.hidden_size
        self.context_length = sizes.max_position_embeddings - unused

    def init_weights(self) -> None:
        """Load the weights of ``pretrained``; else leave what was drawn."""
        if self.is_init:
            return
        super().init_weights()
        if self.pretrained is None:
            return
        try:
            source = load_hf_encoder(local_path(self.pretrained))
        except OSError as error:
            raise OSError(
                f'HFTextEncoder: cannot read the weights {self.pretrained!r}; '
                'name a local folder with config.json and weights, or set '
                f'pretrained=None for random ones. {error}'
            ) from error
        state = source.state_dict()
        try:
            self.model.load_state_dict(
                {key: state[key] for key in _without_pooler(state)}
            )
        except RuntimeError as error:
            raise ValueError(
                f'HFTextEncoder: the weights {self.pretrained!r} are those of '
                f'another config; give config={self.pretrained!r}, too. '
                f'{error}'
            ) from error

    def forward(self, ids: Tensor) -> TextFeatures:
        """Encode captions.

        Args:
            ids (Tensor): Token ids, padding included, int64, shape
                ``(B, L)``.

        Returns:
            TextFeatures: Last hidden states and what was pooled from them.
        """
        mask = (ids != self.pad_id).long()
        tokens = self.model(
            input_ids=ids, attention_mask=mask
        ).last_hidden_state
        pooled = POOLING[self.pooling](tokens, mask)
        return TextFeatures(tokens=tokens, pooled=pooled, mask=mask)


def _without_pooler(names: Iterable[str]) -> List[str]:
    """Names of weights that an encoder of ours has as well."""
    return [name for name in names if not name.startswith('pooler.')]


def read_config(config: Union[dict, str]) -> Any:
    """Make a config object of transformers.

    Args:
        config (dict | str): As in :class:`HFTextEncoder`.

    Returns:
        transformers.PretrainedConfig: The sizes.
    """
    from transformers import AutoConfig

    if isinstance(config, str):
        try:
            return AutoConfig.from_pretrained(
                local_path(config), trust_remote_code=False
            )
        except OSError as error:
            raise OSError(
                f'HFTextEncoder: cannot read the config {config!r}; name a '
                'local folder with a config.json, a hub name that can be '
                "reached, or give a dict(model_type='bert', ...). "
                f'{error}'
            ) from error
    sizes = dict(config)
    if 'model_type' not in sizes:
        raise ValueError(
            'HFTextEncoder: config needs a model_type, such as "bert" or '
            f'"roberta", but has only {sorted(sizes)}.'
        )
    try:
        return AutoConfig.for_model(sizes.pop('model_type'), **sizes)
    except ValueError as error:
        raise ValueError(
            'HFTextEncoder: the installed transformers knows no model_type '
            f'{config["model_type"]!r}; take one such as "bert".'
        ) from error


def build_encoder(config: Any) -> nn.Module:
    """Build an encoder without its pooler, which nothing here would train.

    Args:
        config (transformers.PretrainedConfig): The sizes.

    Returns:
        nn.Module: With random weights.
    """
    from transformers import MODEL_MAPPING

    encoder = MODEL_MAPPING[type(config)]  # type: ignore[index]
    poolless = 'add_pooling_layer' in inspect.signature(encoder).parameters
    options = dict(add_pooling_layer=False) if poolless else {}
    return encoder._from_config(config, **options)
