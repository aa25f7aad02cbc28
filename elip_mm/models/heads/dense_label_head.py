# Copyright (c) elip_mm contributors. All rights reserved.
from typing import Dict, List, Tuple

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule, ModuleDict
from mmpretrain.structures import DataSample
from torch import Tensor, nn

from elip_mm.registry import MODELS


@MODELS.register_module()
class DenseLabelHead(BaseModule):
    """Say of every patch what it shows, for mmpretrain's ``ImageClassifier``.

    One linear layer for each kind of label reads the last feature map. It is
    how a small tower learns to see before it meets any text.

    Args:
        in_channels (int): Width ``C`` of the tower.
        num_classes (dict[str, int]): Number of classes of each kind of label,
            in the order of the samples' ``patch_labels``.
        init_cfg (dict, optional): Initialisation. Defaults to None.
    """

    def __init__(
        self, in_channels: int, num_classes: Dict[str, int], init_cfg=None
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        self.layers = ModuleDict(
            {
                name: nn.Linear(in_channels, number)
                for name, number in num_classes.items()
            }
        )

    def forward(self, feats: Tuple[Tensor, ...]) -> Dict[str, Tensor]:
        """Score the classes of all patches.

        Args:
            feats (tuple[Tensor]): Feature maps, the last of shape
                ``(B, C, h, w)``.

        Returns:
            dict[str, Tensor]: Logits ``(B, h * w, classes)`` for each kind.
        """
        patches = feats[-1].flatten(2).transpose(1, 2)
        return {name: layer(patches) for name, layer in self.layers.items()}

    def loss(
        self, feats: Tuple[Tensor, ...], data_samples: List[DataSample]
    ) -> Dict[str, Tensor]:
        """Cross-entropy over all patches.

        Args:
            feats (tuple[Tensor]): As for :meth:`forward`.
            data_samples (list[DataSample]): With ``patch_labels``, int64,
                shape ``(kinds, h * w)``.

        Returns:
            dict[str, Tensor]: ``loss_<name>`` for each kind of label.
        """
        labels = torch.stack(
            [torch.as_tensor(sample.patch_labels) for sample in data_samples]
        )
        losses = {}
        for number, (name, logits) in enumerate(self(feats).items()):
            target = labels[:, number].to(logits.device)
            losses[f'loss_{name}'] = F.cross_entropy(
                logits.flatten(0, 1), target.flatten()
            )
        return losses

    def predict(
        self, feats: Tuple[Tensor, ...], data_samples: List[DataSample]
    ) -> List[DataSample]:
        """Add the most likely classes to samples.

        Args:
            feats (tuple[Tensor]): As for :meth:`forward`.
            data_samples (list[DataSample]): Samples of the batch.

        Returns:
            list[DataSample]: The same with ``pred_patch_labels``, int64,
            shape ``(kinds, h * w)``.
        """
        classes = [logits.argmax(dim=-1) for logits in self(feats).values()]
        for sample, found in zip(data_samples, torch.stack(classes, dim=1)):
            sample.set_field(found, 'pred_patch_labels')
        return data_samples
