# Copyright (c) elip_mm contributors. All rights reserved.
import random
from functools import partial
from typing import Any, Callable, Dict, Optional, Sequence

import numpy as np
from mmcv.transforms import BaseTransform
from PIL import Image, ImageEnhance, ImageOps

from elip_mm.registry import TRANSFORMS
from elip_mm.utils.checks import check_list, check_number, check_whole, shown

GREY = (128, 128, 128)
Change = Callable[[Image.Image], Image.Image]


@TRANSFORMS.register_module()
class RandomAugment(BaseTransform):
    """A few random changes of colour and geometry, all at one level.

    ``num_ops`` of the ten changes are drawn with replacement, and each is
    made with probability ``prob``. Signs of shears, shifts and turns are
    drawn too. What comes into view is grey. The channels are treated alike,
    so their order does not matter.

    At level 5 brightness and sharpness have the factor 1 and do nothing: in
    BLIP's recipe, that is two of the ten.

    **Required Keys:**

    - img (np.ndarray): uint8, shape ``(H, W, 3)``

    **Modified Keys:**

    - img

    Args:
        num_ops (int): Changes that are drawn. Defaults to 2.
        level (float): How strong they are, from 0 to 10. Defaults to 7.
        prob (float): Probability of each. Defaults to 0.5.
        ops (Sequence[str], optional): Names of the changes to draw from, see
            :data:`OPS`. Defaults to None, all.

    Source: released code of ALBEF, https://arxiv.org/abs/2107.07651, after
    RandAugment, https://arxiv.org/abs/1909.13719.
    """

    def __init__(
        self,
        num_ops: int = 2,
        level: float = 7,
        prob: float = 0.5,
        ops: Optional[Sequence[str]] = None,
    ) -> None:
        chosen = check_list(
            'RandomAugment: ops', sorted(OPS) if ops is None else ops
        )
        unknown = [name for name in chosen if not _is_op(name)]
        if unknown or not chosen:
            raise ValueError(
                f'RandomAugment: unknown ops {shown(unknown)}; choose from '
                f'{sorted(OPS)}.'
            )
        self.num_ops = check_whole('RandomAugment: num_ops', num_ops, 0, 1000)
        self.level = check_number('RandomAugment: level', level, 0, 10)
        self.prob = check_number('RandomAugment: prob', prob, 0, 1)
        self.ops = list(chosen)

    def transform(self, results: dict) -> dict:
        """Change the image of a sample.

        Args:
            results (dict): The sample.

        Returns:
            dict: The same with another image.
        """
        image = results.get('img')
        if not _is_picture(image):
            what = getattr(image, 'dtype', None), getattr(image, 'shape', None)
            raise TypeError(
                'RandomAugment: img must be a uint8 array of shape (H, W, 3), '
                f'but is a {type(image).__name__} of {what[0]} and shape '
                f'{what[1]}; put it after the loading of the image.'
            )
        # Python's generator: data sets seed it by sample, so that what is
        # drawn does not depend on the worker.
        names = random.choices(self.ops, k=self.num_ops)
        image = Image.fromarray(np.ascontiguousarray(image))
        for name in names:
            if random.random() < self.prob:
                image = OPS[name](self.level)(image)
        results['img'] = np.asarray(image).copy()
        return results

    def __repr__(self) -> str:
        return (
            f'{type(self).__name__}(num_ops={self.num_ops}, '
            f'level={self.level}, prob={self.prob})'
        )


def _is_op(name: Any) -> bool:
    return isinstance(name, str) and name in OPS


def _is_picture(image: Any) -> bool:
    kind = isinstance(image, np.ndarray) and image.dtype == np.uint8
    return kind and image.ndim == 3 and image.shape[2] == 3 and image.size > 0


def _factor(level: float) -> float:
    """Factor of an enhancement; 1 changes nothing."""
    return 1.8 * level / 10 + 0.1


def _signed(value: float) -> float:
    """The value or its opposite."""
    return value if random.random() < 0.5 else -value


def _affine(image: Image.Image, matrix: Sequence[float]) -> Image.Image:
    """Map by ``(x, y) -> (a x + b y + c, d x + e y + f)``, seen from the
    result."""
    return image.transform(
        image.size,
        Image.Transform.AFFINE,
        matrix,
        resample=Image.Resampling.BILINEAR,
        fillcolor=GREY,
    )


def _shear(level: float, axis: int) -> Change:
    slope = _signed(0.3 * level / 10)
    slopes = (slope, 0) if axis == 0 else (0, slope)
    return partial(_affine, matrix=(1, slopes[0], 0, slopes[1], 1, 0))


def _shift(level: float, axis: int) -> Change:
    shift = _signed(level)
    shifts = (shift, 0) if axis == 0 else (0, shift)
    return partial(_affine, matrix=(1, 0, shifts[0], 0, 1, shifts[1]))


def _turn(level: float) -> Change:
    angle = _signed(30 * level / 10)
    return partial(
        Image.Image.rotate,
        angle=angle,
        resample=Image.Resampling.BILINEAR,
        fillcolor=GREY,
    )


def _enhance(level: float, kind: type) -> Change:
    return lambda image: kind(image).enhance(_factor(level))


# Name to a function that makes the change at a level, signs drawn.
OPS: Dict[str, Callable[[float], Change]] = dict(
    Identity=lambda level: lambda image: image,
    AutoContrast=lambda level: ImageOps.autocontrast,
    Equalize=lambda level: ImageOps.equalize,
    Brightness=partial(_enhance, kind=ImageEnhance.Brightness),
    Sharpness=partial(_enhance, kind=ImageEnhance.Sharpness),
    ShearX=partial(_shear, axis=0),
    ShearY=partial(_shear, axis=1),
    TranslateX=partial(_shift, axis=0),
    TranslateY=partial(_shift, axis=1),
    Rotate=_turn,
)
