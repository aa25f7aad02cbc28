# Copyright (c) elip_mm contributors. All rights reserved.
"""Image towers as files that run without this library."""

from io import BytesIO
from pathlib import Path
from typing import Any, Optional, Tuple

import torch
from torch import Tensor, nn

from elip_mm.checkpoint import AtomicLocalBackend


class ImageTower(nn.Module):
    """From normalised images to features, and nothing else.

    Args:
        model (nn.Module): A :class:`LanguageImageModel`.
        reduce (bool): Whether the reducer acts; without guidance only those
            that rank by vision alone do. Defaults to False.
    """

    def __init__(self, model: Any, reduce: bool = False) -> None:
        super().__init__()
        self.model: Any = model
        self.reduce = reduce

    def forward(self, images: Tensor) -> Tensor:
        """Embed images.

        Args:
            images (Tensor): Shape ``(B, 3, H, W)``.

        Returns:
            Tensor: Unit-norm joint features, shape ``(B, E)``.
        """
        vision = self.model.encode_image(images, reduce=self.reduce)
        return self.model.embed_image(vision)


def export_tower(
    model: Any,
    path: Path,
    image_size: Optional[Tuple[int, int]] = None,
    batch_size: int = 1,
    reduce: bool = False,
) -> Path:
    """Write the image tower of a model to a file.

    Args:
        model (nn.Module): A :class:`LanguageImageModel`.
        path (Path): ``.pt2`` for torch.export, ``.onnx`` for ONNX.
        image_size (tuple[int, int], optional): Height and width in pixels.
            Defaults to None, those of the backbone.
        batch_size (int): Images of a call; shapes are static. Defaults to 1.
        reduce (bool): Whether to reduce by vision alone. Defaults to False.

    Returns:
        Path: The file.
    """
    path = Path(path)
    if path.suffix not in ('.pt2', '.onnx'):
        raise ValueError(
            f'export_tower writes .pt2 or .onnx files, but got {path.name}.'
        )
    tower = ImageTower(model, reduce).eval()
    size = image_size or model.vision_backbone.img_size
    images = torch.zeros(batch_size, 3, *size)
    with torch.no_grad():
        if reduce:
            _check_reduction(model, images)
        program = torch.export.export(tower, (images,))
        if path.suffix == '.pt2':
            buffer = BytesIO()
            torch.export.save(program, buffer)
            AtomicLocalBackend().put(buffer.getvalue(), path)
        else:
            _write_onnx(program, path)
    return path


def _check_reduction(model: Any, images: Tensor) -> None:
    state = model.encode_image(images)
    if state.num_patch_tokens == state.num_patches:
        raise ValueError(
            'export_tower: nothing is reduced without a caption; set '
            "without_guidance='vision' in the config of the reducer, or "
            'export with reduce=False.'
        )


def _write_onnx(program, path: Path) -> None:
    try:
        from onnxscript import opset18 as op
    except ImportError as error:
        raise ImportError(
            'writing .onnx files needs the packages onnx and onnxscript; run '
            '"pip install onnx onnxscript", or write a .pt2 file.'
        ) from error

    def stable_sort(values, stable=None, dim=-1, descending=False):
        # ONNX sorts by TopK, where the lower index wins a tie: stable.
        length = op.Shape(values, start=dim, end=dim + 1 or None)
        return op.TopK(
            values, length, axis=dim, largest=int(descending), sorted=1
        )

    torch.onnx.export(
        program,
        (),
        str(path),
        dynamo=True,
        custom_translation_table={torch.ops.aten.sort.stable: stable_sort},
    )
