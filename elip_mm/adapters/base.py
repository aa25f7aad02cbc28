# Copyright (c) elip_mm contributors. All rights reserved.
from typing import List, Optional, Type, Union

import torch
from mmpretrain.structures import DataSample
from torch import Tensor, nn

from elip_mm.models.layers import no_dropout


class ModelAdapter:
    """What has to be known of a model whose tower shall reduce.

    A subclass names the model's class and its tower, and turns the model's
    own text into guidance. This class itself serves models without text.
    Subclasses in ``MODEL_ADAPTERS`` are found by :func:`attach_reducer`;
    others are given to it.

    Attributes:
        model_type (type or str): Class of the models, subclasses included;
            or its import path, which is not imported unless a model of that
            library is asked about.
        tower (str, optional): Name of the vision tower in it.
        with_text (bool): Whether the model has a text tower that can guide.
    """

    model_type: Union[Type[nn.Module], str, None] = None
    tower: Optional[str] = None
    with_text = False

    def text_width(self, model: nn.Module) -> Optional[int]:
        """Width of what :meth:`guide` returns; None without text."""

    def flatten(self, model: nn.Module, images: Tensor) -> Tensor:
        """Images in the order in which the tower sees them, ``(B, 3, H, W)``.

        Args:
            model (nn.Module): The model.
            images (Tensor): As the model's ``forward`` takes them.

        Returns:
            Tensor: Shape ``(B, 3, H, W)``.
        """
        return images

    def guide(
        self,
        model: nn.Module,
        images: Tensor,
        data_samples: Optional[List[DataSample]],
        phase: str,
    ) -> Optional[Tensor]:
        """Turn the text of a batch into guidance.

        Args:
            model (nn.Module): The model.
            images (Tensor): As the model's own method got them.
            data_samples (list[DataSample], optional): Of the same batch.
            phase (str): 'loss' or 'predict'; what the answer is about may
                guide the loss, but never a prediction.

        Returns:
            Tensor or None: One row for each image that the tower will see,
            shape ``(B, C)``, no gradient.
        """


class BertGuidedAdapter(ModelAdapter):
    """A model whose text tower is mmpretrain's BERT (the BLIP family)."""

    with_text = True
    encoder = 'text_backbone'

    def text_width(self, model: nn.Module) -> int:
        """Width of the text tower."""
        return getattr(model, self.encoder).config.hidden_size

    @torch.no_grad()
    def encode(self, model: nn.Module, tokens) -> Tensor:
        """Read the [CLS] state of the text alone, without dropout.

        Args:
            model (nn.Module): The model.
            tokens (BatchEncoding): Token ids and mask of ``B`` texts.

        Returns:
            Tensor: Shape ``(B, C)``.
        """
        encoder = getattr(model, self.encoder)
        # Dropout rests: a noisy guide would rank at random, and the numbers
        # it draws would shift those of the real pass.
        with no_dropout(encoder):
            output = encoder(
                tokens.input_ids,
                attention_mask=tokens.attention_mask,
                token_type_ids=None,
                return_dict=True,
                mode='text',
            )
        return output.last_hidden_state[:, 0]
