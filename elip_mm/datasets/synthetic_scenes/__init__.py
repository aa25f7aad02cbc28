# Copyright (c) elip_mm contributors. All rights reserved.
from .dataset import SyntheticScenes
from .grammar import Caption, write_caption
from .levels import LEVELS, SceneLevel, get_level
from .meaning import Meaning, Mention, SceneIndex
from .patches import mentioned_patches, patch_owners
from .scene import Scene, SceneObject, compose_scene

__all__ = [
    'SyntheticScenes',
    'Caption',
    'write_caption',
    'LEVELS',
    'SceneLevel',
    'get_level',
    'Meaning',
    'Mention',
    'SceneIndex',
    'mentioned_patches',
    'patch_owners',
    'Scene',
    'SceneObject',
    'compose_scene',
]
