# Copyright (c) elip_mm contributors. All rights reserved.
import re
from typing import Any, Dict, Optional

import torch
from mmengine.model import BaseModule
from torch import Tensor

from elip_mm.registry import MODELS
from elip_mm.structures import TextFeatures

from .bert_class import bert_class


class XBertTextEncoder(BaseModule):
    """BERT with cross-attention to image tokens, as mmpretrain has it.

    ``bert`` is mmpretrain's ``XBertEncoder``; its weights have the names of
    transformers' ``BertModel``. Subclasses say how a text looks at an image.

    Args:
        vocab_size (int): Size of the vocabulary.
        embed_dims (int): Width. Defaults to 768.
        num_layers (int): Depth. Defaults to 12.
        num_heads (int): Attention heads. Defaults to 12.
        vision_dims (int, optional): Width of the image tokens. Defaults to
            None, the same as ``embed_dims``.
        context_length (int): Positions that are learned. Defaults to 512.
        pad_id (int): Id of the padding, which nobody attends to. Defaults to
            0.
        dropout (float): Of hidden states and of attention. Defaults to 0.1.
        added_tokens (int): Last tokens of the vocabulary that weights of BERT
            may lack; their embeddings then stay as initialised. Defaults to
            0.
        init_std (float): Deviation of random weights. Defaults to 0.02, that
            of BERT, which suits a width of 768; a narrow encoder learns
            sooner with more, such as ``0.02 * (768 / embed_dims) ** 0.5``.
        settings (dict): Further entries of transformers' ``BertConfig``.
        init_cfg (dict, optional): Initialisation, such as
            ``dict(type='Pretrained', checkpoint=...)`` with weights of BERT.
            Defaults to None.
    """

    def __init__(
        self,
        vocab_size: int,
        embed_dims: int = 768,
        num_layers: int = 12,
        num_heads: int = 12,
        vision_dims: Optional[int] = None,
        context_length: int = 512,
        pad_id: int = 0,
        dropout: float = 0.1,
        added_tokens: int = 0,
        init_std: float = 0.02,
        settings: Optional[Dict[str, Any]] = None,
        init_cfg: Optional[dict] = None,
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        self.vocab_size = vocab_size
        self.context_length = context_length
        self.embed_dims = embed_dims
        self.num_layers = num_layers
        self.num_heads = num_heads
        self.pad_id = pad_id
        self.dropout = dropout
        self.added_tokens = added_tokens
        bert = bert_class('XBertEncoder')
        self.bert = bert(
            dict(
                vocab_size=vocab_size,
                hidden_size=embed_dims,
                num_hidden_layers=num_layers,
                num_attention_heads=num_heads,
                intermediate_size=4 * embed_dims,
                hidden_dropout_prob=dropout,
                attention_probs_dropout_prob=dropout,
                max_position_embeddings=context_length,
                pad_token_id=pad_id,
                layer_norm_eps=1e-12,
                initializer_range=init_std,
                encoder_width=vision_dims or embed_dims,
                add_cross_attention=True,
                **(settings or {}),
            )
        )

    @property
    def vocabulary(self) -> Tensor:
        """Tensor: Word embeddings, shape ``(V, C)``."""
        return self.bert.embeddings.word_embeddings.weight

    def forward(self, ids: Tensor) -> TextFeatures:
        """Encode captions by themselves.

        Args:
            ids (Tensor): Token ids, int64, shape ``(B, L)``.

        Returns:
            TextFeatures: ``pooled`` is the state of the first token.
        """
        states = self.run('text', ids)
        return TextFeatures(
            tokens=states,
            pooled=states[:, 0],
            mask=self.mask(ids),
            ids=ids,
        )

    def read(self, ids: Tensor, memory: Tensor) -> Tensor:
        """Encode captions while they look at images, through all layers.

        Args:
            ids (Tensor): Token ids, int64, shape ``(B, L)``.
            memory (Tensor): Image tokens, maybe reduced, shape
                ``(B, M, C_vision)``; all of them are looked at.

        Returns:
            Tensor: States, shape ``(B, L, C)``.
        """
        return self.run('multimodal', ids, memory=memory)

    def mask(self, ids: Tensor) -> Tensor:
        """Mark words by 1 and padding by 0, shape ``(B, L)``."""
        return (ids != self.pad_id).long()

    def run(
        self,
        mode: str,
        ids: Tensor,
        states: Optional[Tensor] = None,
        memory: Optional[Tensor] = None,
    ) -> Tensor:
        """Run a part of the layers.

        Args:
            mode (str): ``'text'``, ``'fusion'`` or ``'multimodal'``.
            ids (Tensor): Token ids; they say what is padding, and are
                embedded unless there are states. Shape ``(B, L)``.
            states (Tensor, optional): Input of the first layer that runs,
                shape ``(B, L, C)``. Defaults to None.
            memory (Tensor, optional): Image tokens, shape
                ``(B, M, C_vision)``. Defaults to None.

        Returns:
            Tensor: Shape ``(B, L, C)``.
        """
        embedded = states is None
        types = None
        if embedded and self.bert.config.add_type_embeddings:
            # They are added only if they are passed.
            types = torch.zeros_like(ids)
        output = self.bert(
            input_ids=ids if embedded else None,
            encoder_embeds=states,
            attention_mask=self.mask(ids),
            token_type_ids=types,
            encoder_hidden_states=memory,
            return_dict=True,
            mode=mode,
        )
        return output.last_hidden_state

    def _load_from_state_dict(self, state_dict, prefix, *args) -> None:
        # Releases of BERT from before transformers call the norms' weights
        # gamma and beta.
        for key in [k for k in state_dict if k.startswith(prefix)]:
            name = re.sub(r'LayerNorm\.gamma$', 'LayerNorm.weight', key)
            name = re.sub(r'LayerNorm\.beta$', 'LayerNorm.bias', name)
            if name != key:
                state_dict[name] = state_dict.pop(key)
        words = f'{prefix}bert.embeddings.word_embeddings.weight'
        known = self.vocab_size - self.added_tokens
        # Loaded as they are, they would not fit, and mmengine's
        # initialisation only logs that.
        if self.added_tokens and len(state_dict.get(words, ())) == known:
            own = self.vocabulary[known:].detach().to(state_dict[words])
            state_dict[words] = torch.cat([state_dict[words], own])
        super()._load_from_state_dict(state_dict, prefix, *args)


@MODELS.register_module()
class ALBEFTextEncoder(XBertTextEncoder):
    """First half for text alone, second half with cross-attention.

    Args:
        fusion_layer (int): First layer that looks at the image. Defaults to
            6.
        vocab_size (int): Defaults to 30522.
        **kwargs: Those of :class:`XBertTextEncoder`.

    Source: ALBEF, https://arxiv.org/abs/2107.07651.
    """

    def __init__(
        self, fusion_layer: int = 6, vocab_size: int = 30522, **kwargs
    ) -> None:
        super().__init__(
            vocab_size,
            settings=dict(fusion_layer=fusion_layer, add_type_embeddings=True),
            **kwargs,
        )
        if not 0 < fusion_layer < self.num_layers:
            raise ValueError(
                'ALBEFTextEncoder: fusion_layer must lie between 0 and '
                f'{self.num_layers}, the number of layers, but got '
                f'{fusion_layer}.'
            )
        # mmpretrain gives cross-attention to all layers and would use it in
        # all of them; ALBEF has none in the first half.
        for layer in self.bert.encoder.layer[:fusion_layer]:
            del layer.crossattention

    def fuse(self, ids: Tensor, states: Tensor, memory: Tensor) -> Tensor:
        """Go on from the states of the text alone.

        Args:
            ids (Tensor): Token ids, shape ``(B, L)``.
            states (Tensor): Output of :meth:`forward`, shape ``(B, L, C)``.
            memory (Tensor): Image tokens, shape ``(B, M, C_vision)``.

        Returns:
            Tensor: Shape ``(B, L, C)``; the same as :meth:`read`, at half
            the cost.
        """
        return self.run('fusion', ids, states, memory)


@MODELS.register_module()
class BLIPTextEncoder(XBertTextEncoder):
    """All layers for text alone, or all with cross-attention.

    There are no token types.

    Args:
        vocab_size (int): Defaults to 30524, BERT's with [DEC] and [ENC].
        added_tokens (int): Defaults to 2, these two.
        **kwargs: Those of :class:`XBertTextEncoder`.

    Source: BLIP, https://arxiv.org/abs/2201.12086.
    """

    def __init__(
        self, vocab_size: int = 30524, added_tokens: int = 2, **kwargs
    ) -> None:
        super().__init__(
            vocab_size,
            added_tokens=added_tokens,
            settings=dict(add_type_embeddings=False),
            **kwargs,
        )
