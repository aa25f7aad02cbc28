# Copyright (c) elip_mm contributors. All rights reserved.
"""Words of the scene language and what they stand for.

Levels name the words they use, so words may be added here, but an existing
one must keep its place, its colour and its outline: published levels would
otherwise change.
"""

from typing import Dict, Tuple

# Red, green, blue in 0-255.
COLOURS: Dict[str, Tuple[int, int, int]] = {
    'red': (214, 39, 40),
    'green': (44, 160, 60),
    'blue': (40, 80, 220),
    'yellow': (240, 216, 50),
    'purple': (135, 45, 175),
    'orange': (243, 130, 24),
    'white': (246, 246, 246),
    'black': (22, 22, 22),
    'pink': (247, 140, 195),
    'cyan': (60, 208, 220),
    'brown': (122, 74, 36),
    'teal': (0, 112, 108),
}

SHAPES: Tuple[str, ...] = (
    'circle',
    'square',
    'triangle',
    'star',
    'cross',
    'ring',
    'diamond',
    'heart',
    'hexagon',
    'crescent',
    'arrow',
    'house',
)

SIZES: Tuple[str, ...] = ('small', 'medium', 'large')

PATTERNS: Tuple[str, ...] = ('plain', 'striped', 'spotted')

# Thirds of the canvas.
ROWS: Tuple[str, ...] = ('top', 'middle', 'bottom')
COLUMNS: Tuple[str, ...] = ('left', 'middle', 'right')

# Second words, used on levels with ``synonyms``.
SYNONYMS: Dict[str, str] = {
    'circle': 'disc',
    'square': 'box',
    'ring': 'hoop',
    'cross': 'plus',
    'diamond': 'rhombus',
    'crescent': 'moon',
    'small': 'little',
    'large': 'big',
    'striped': 'stripy',
    'spotted': 'dotted',
    'purple': 'violet',
}

# The first phrase of each may also open a sentence.
RELATIONS: Dict[str, Tuple[str, ...]] = {
    'left': ('to the left of', 'left of', 'on the left of'),
    'right': ('to the right of', 'right of', 'on the right of'),
    'above': ('above', 'higher than'),
    'below': ('below', 'under', 'lower than'),
}

PLACES: Dict[Tuple[str, str], Tuple[str, ...]] = {
    ('top', ''): ('at the top', 'near the top'),
    ('bottom', ''): ('at the bottom', 'near the bottom'),
    ('', 'left'): ('on the left', 'on the left side'),
    ('', 'right'): ('on the right', 'on the right side'),
    ('top', 'left'): ('in the top left corner', 'at the upper left'),
    ('top', 'right'): ('in the top right corner', 'at the upper right'),
    ('bottom', 'left'): ('in the bottom left corner', 'at the lower left'),
    ('bottom', 'right'): ('in the bottom right corner', 'at the lower right'),
    ('middle', 'middle'): ('in the middle', 'in the centre'),
}
