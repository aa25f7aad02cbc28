# Copyright (c) elip_mm contributors. All rights reserved.
import re
from typing import List, NamedTuple, Optional, Sequence, Union

from mmcv.transforms import BaseTransform

from elip_mm.registry import TRANSFORMS
from elip_mm.utils.checks import check_choice, check_list, check_whole
from elip_mm.utils.texts import check_text, check_texts

Texts = Union[str, List[str]]


class CleaningStyle(NamedTuple):
    """How a model's captions are cleaned.

    Args:
        removed (str): Characters that vanish.
        spaced (str): Characters that become a space.
        person (bool): Whether ``<person>``, the name that CC12M puts for all
            names of people, loses its brackets.
    """

    removed: str
    spaced: str
    person: bool


STYLES = dict(
    albef=CleaningStyle(',.\'!?"()*#:;~', '-/', person=True),
    blip=CleaningStyle('', '.!"()*#:;~', person=False),
)


def clean_caption(
    text: str, style: CleaningStyle, max_words: Optional[int] = 30
) -> str:
    """Clean one caption.

    Args:
        text (str): The caption as it was found.
        style (CleaningStyle): How to clean it.
        max_words (int, optional): Words that stay. Defaults to 30; None
            keeps all.

    Returns:
        str: In lower case, words parted by single spaces.
    """
    text = check_text('clean_caption', text)
    table = {
        **{ord(character): None for character in style.removed},
        **{ord(character): ' ' for character in style.spaced},
    }
    text = text.lower().translate(table)
    if style.person:
        text = text.replace('<person>', 'person')
    words = re.split(r'\s+', text.strip())
    return ' '.join(words if max_words is None else words[:max_words])


@TRANSFORMS.register_module()
class CleanPairCaption(BaseTransform):
    """Clean captions as a model's authors did.

    mmpretrain's ``CleanCaption`` removes all punctuation and has no limit of
    words, which equals none of the published recipes.

    **Required Keys:**

    - those named in ``keys``, a text or a list of texts

    **Modified Keys:**

    - the same

    Args:
        style (str): ``'albef'`` removes most punctuation; ``'blip'`` puts
            spaces, and leaves commas, apostrophes, question marks and
            hyphens.
        max_words (int, optional): Words that stay. Defaults to 30.
        keys (Sequence[str]): Entries that are cleaned; those that a sample
            lacks are passed over. Defaults to ``('text',)``.

    Source: released code of ALBEF, https://arxiv.org/abs/2107.07651, and of
    BLIP, https://arxiv.org/abs/2201.12086.
    """

    def __init__(
        self,
        style: str,
        max_words: Optional[int] = 30,
        keys: Sequence[str] = ('text',),
    ) -> None:
        self.style = check_choice('CleanPairCaption: style', style, STYLES)
        if max_words is not None:
            max_words = check_whole(
                'CleanPairCaption: max_words, None for no limit,', max_words, 1
            )
        self.max_words = max_words
        self.keys = (
            (keys,)
            if isinstance(keys, str)
            else check_list('CleanPairCaption: keys', keys)
        )

    def transform(self, results: dict) -> dict:
        """Clean the captions of a sample.

        Args:
            results (dict): The sample.

        Returns:
            dict: The same with clean captions.
        """
        for key in self.keys:
            if key in results:
                results[key] = self.clean(results[key])
        return results

    def clean(self, texts: Texts) -> Texts:
        """Clean a text, or each of a list."""
        style, limit = STYLES[self.style], self.max_words
        if isinstance(texts, str):
            return clean_caption(texts, style, limit)
        return [
            clean_caption(text, style, limit)
            for text in check_texts('CleanPairCaption', texts)
        ]

    def __repr__(self) -> str:
        return (
            f'{type(self).__name__}(style={self.style!r}, '
            f'max_words={self.max_words}, keys={self.keys})'
        )
