# Copyright (c) elip_mm contributors. All rights reserved.
import warnings

import pytest
from mmengine.registry import DefaultScope

from elip_mm.registry import HOOKS, MODELS
from elip_mm.utils import register_all_modules


def test_register_all_modules_takes_over_the_scope():
    with DefaultScope.overwrite_default_scope('mmengine'):
        register_all_modules(init_default_scope=False)
        scope = DefaultScope.get_current_instance
        assert scope().scope_name == 'mmengine'
        with pytest.warns(UserWarning, match='was "mmengine"'):
            register_all_modules()
        assert scope().scope_name == 'elip_mm'
        with warnings.catch_warnings():
            warnings.simplefilter('error')
            register_all_modules()  # nothing left to do
        # Ours, mmpretrain's and mmengine's, without a prefix.
        assert HOOKS.get('KeyedRandomnessHook') is not None
        assert MODELS.get('VisionTransformer') is not None
        assert HOOKS.get('IterTimerHook') is not None
