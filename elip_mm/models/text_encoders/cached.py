# Copyright (c) elip_mm contributors. All rights reserved.
from typing import Dict, Optional

import torch
from mmengine.model import BaseModule
from torch import Tensor

from elip_mm.registry import MODELS
from elip_mm.structures import TextFeatures


@MODELS.register_module()
class CachedTextEncoder(BaseModule):
    """A frozen text encoder that reads each caption once.

    The pooled states of captions are remembered in main memory (``4 C`` bytes
    each), so that further epochs cost nothing on the text side. Tokens are
    not kept: losses and guidance that need them cannot use it.

    Args:
        encoder (dict): Config of the encoder, such as
            ``dict(type='elip_mm.HFTextEncoder', pooling='mean', ...)``. The
            model has to freeze it, with ``frozen=['text_encoder']``.
        max_captions (int): Captions that are remembered; when there are more,
            all are forgotten. Defaults to 1 000 000.
        init_cfg (dict, optional): Initialisation. Defaults to None.
    """

    def __init__(
        self,
        encoder: dict,
        max_captions: int = 1_000_000,
        init_cfg: Optional[dict] = None,
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        self.encoder = MODELS.build(encoder)
        self.max_captions = max_captions
        self.embed_dims = self.encoder.embed_dims
        self.vocab_size = self.encoder.vocab_size
        self.context_length = self.encoder.context_length
        self.pad_id = self.encoder.pad_id
        self._known: Dict[bytes, Tensor] = {}

    def forward(self, ids: Tensor) -> TextFeatures:
        """Encode captions, those that are new with the encoder.

        Args:
            ids (Tensor): Token ids, int64, shape ``(B, L)``.

        Returns:
            TextFeatures: ``pooled`` of shape ``(B, C)``; ``tokens`` is the
            same as a sequence of one.

        Raises:
            RuntimeError: If the encoder is trained.
        """
        if self.training:
            raise RuntimeError(
                'CachedTextEncoder remembers what its encoder said, so this '
                "must not learn; set model.frozen=['text_encoder'], or use "
                'the encoder without the cache.'
            )
        keys = [row.tobytes() for row in ids.cpu().numpy()]
        new = {
            key: row for row, key in enumerate(keys) if key not in self._known
        }
        if new:
            if len(self._known) + len(new) > self.max_captions:
                self._known.clear()
                new = {key: row for row, key in enumerate(keys)}
            rows = torch.tensor(list(new.values()), device=ids.device)
            with torch.no_grad():
                pooled = self.encoder(ids[rows]).pooled.cpu()
            self._known.update(zip(new, pooled.unbind()))
        pooled = torch.stack([self._known[key] for key in keys]).to(ids.device)
        mask = torch.ones_like(ids[:, :1])
        return TextFeatures(tokens=pooled[:, None], pooled=pooled, mask=mask)

    def _load_from_state_dict(self, *args, **kwargs) -> None:
        self._known.clear()  # other weights say other things
        super()._load_from_state_dict(*args, **kwargs)
