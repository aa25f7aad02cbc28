# Copyright (c) elip_mm contributors. All rights reserved.
from typing import Dict, Optional

import torch
from mmengine.dist import all_reduce
from mmengine.model import BaseModule
from torch import Tensor

from elip_mm.models.losses import language_loss
from elip_mm.registry import MODELS
from elip_mm.structures import PairFeatures

from .token_predictor import TokenPredictor


@MODELS.register_module()
class LanguageHead(BaseModule):
    """Predict tokens of a text that has looked at its image.

    Serves masked modelling with soft labels of a momentum encoder (ALBEF) and
    causal modelling with smoothed labels (BLIP) alike; the model hands over
    what is to be predicted as ``pairs.language``.

    Args:
        embed_dims (int): Width of the text encoder.
        vocab_size (int): Size of its vocabulary.
        name (str): The loss is called ``loss_<name>``. Defaults to 'lm'.
        label_smoothing (float): Share of the target that is spread over the
            vocabulary. Defaults to 0.
        predictor (dict, optional): Further settings of
            :class:`TokenPredictor`, such as ``init_cfg``. Defaults to None.
    """

    def __init__(
        self,
        embed_dims: int,
        vocab_size: int,
        name: str = 'lm',
        label_smoothing: float = 0.0,
        predictor: Optional[dict] = None,
        init_cfg: Optional[dict] = None,
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        if not 0 <= label_smoothing < 1:
            raise ValueError(
                'LanguageHead: label_smoothing must lie in [0, 1), but got '
                f'{label_smoothing}.'
            )
        self.predictor = TokenPredictor(
            embed_dims, vocab_size, **(predictor or {})
        )
        self.name = name
        self.label_smoothing = label_smoothing

    def loss(self, pairs: PairFeatures) -> Dict[str, Tensor]:
        """Compute the loss of a batch.

        Args:
            pairs (PairFeatures): Local pairs with a ``language``.

        Returns:
            dict[str, Tensor]: ``loss_<name>``, divided by the number of
            tokens to predict, averaged over processes; and ``<name>_acc``.
        """
        language = pairs.need('language')
        logits = self.predictor(language.states, language.vocabulary)
        each = language_loss(
            logits,
            language.labels,
            self.label_smoothing,
            language.momentum_logits,
            pairs.need('momentum').alpha,
        )
        valid = language.labels >= 0
        # With the mean count of all processes as divisor, averaging their
        # gradients gives that of the mean over all tokens. A batch may have
        # none, by chance.
        total = valid.sum().to(each.dtype)
        all_reduce(total, op='mean')
        total = total.clamp(min=1)
        with torch.no_grad():
            right = ((logits.argmax(dim=-1) == language.labels) & valid).sum()
        return {
            f'loss_{self.name}': each.sum() / total,
            f'{self.name}_acc': right / total,
        }
