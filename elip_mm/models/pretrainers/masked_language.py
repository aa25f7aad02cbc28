# Copyright (c) elip_mm contributors. All rights reserved.
from typing import Any, Dict, List, Optional

import torch.nn.functional as F
from mmengine.model import BaseModel, ModuleDict
from mmpretrain.structures import DataSample
from torch import Tensor

from elip_mm.models.heads.token_predictor import TokenPredictor
from elip_mm.models.text_encoders.hf_text import build_encoder, read_config
from elip_mm.models.tokenizers import special_ids
from elip_mm.ops import IGNORE_INDEX, mask_tokens
from elip_mm.registry import MODELS, TOKENIZER


@MODELS.register_module()
class MaskedLanguagePretrainer(BaseModel):
    """BERT on the captions alone, for text towers to start from.

    Its weights have the names of transformers' ``BertForMaskedLM``, so
    everything that starts from BERT starts from them.

    Args:
        tokenizer (dict): Config of a tokenizer from ``TOKENIZER``, that of
            the model which is to start from here.
        config (dict): Sizes as ``dict(model_type='bert', ...)``; the size of
            the vocabulary is that of the tokenizer.
        mask_ratio (float): Ratio of the words to hide. Defaults to 0.15.
        **kwargs: ``data_preprocessor`` and ``init_cfg`` of mmengine's
            ``BaseModel``.

    Source: BERT, https://arxiv.org/abs/1810.04805, without the prediction of
    the next sentence.
    """

    def __init__(
        self,
        tokenizer: dict,
        config: Dict[str, Any],
        mask_ratio: float = 0.15,
        **kwargs,
    ) -> None:
        preprocessor = kwargs.pop('data_preprocessor', None) or dict(
            type='mmpretrain.MultiModalDataPreprocessor'
        )
        super().__init__(
            data_preprocessor=MODELS.build(preprocessor), **kwargs
        )
        self.tokenizer = TOKENIZER.build(tokenizer)
        sizes = read_config(
            {**config, 'vocab_size': self.tokenizer.vocab_size}
        )
        self.bert: Any = build_encoder(sizes)
        self.cls = ModuleDict(
            dict(
                predictions=TokenPredictor(
                    sizes.hidden_size, sizes.vocab_size, sizes.layer_norm_eps
                )
            )
        )
        self.mask_ratio = mask_ratio

    def forward(
        self,
        images: Optional[Tensor] = None,
        data_samples: Optional[List[DataSample]] = None,
        mode: str = 'tensor',
    ) -> Any:
        """Losses in mode 'loss', else the states of all words.

        Args:
            images (Tensor, optional): Not used.
            data_samples (list[DataSample]): One caption each in ``text``.
            mode (str): 'loss' or 'tensor'. Defaults to 'tensor'.

        Returns:
            dict[str, Tensor] or Tensor: ``loss_mlm`` and ``mlm_acc``, or
            states of shape ``(B, L, C)``.
        """
        texts = [sample.text for sample in data_samples or []]
        ids = self.tokenizer(texts).to(self.data_preprocessor.device)
        if mode == 'tensor':
            return self.encode(ids)
        if mode != 'loss':
            raise ValueError(
                "MaskedLanguagePretrainer knows the modes 'loss' and "
                f"'tensor', but got {mode!r}."
            )
        hidden, labels = mask_tokens(
            ids,
            self.tokenizer.mask_id,
            self.tokenizer.vocab_size,
            special_ids(self.tokenizer),
            self.mask_ratio,
        )
        asked = labels != IGNORE_INDEX
        logits = self.cls['predictions'](
            self.encode(hidden)[asked],
            self.bert.embeddings.word_embeddings.weight,
        )
        count = asked.sum().clamp(min=1)
        loss = F.cross_entropy(logits, labels[asked], reduction='sum')
        right = (logits.argmax(dim=-1) == labels[asked]).sum()
        return dict(loss_mlm=loss / count, mlm_acc=right / count)

    def encode(self, ids: Tensor) -> Tensor:
        """Read captions, ``(B, L)`` to states ``(B, L, C)``."""
        mask = (ids != self.tokenizer.pad_id).long()
        output = self.bert(input_ids=ids, attention_mask=mask)
        return output.last_hidden_state
