# Copyright (c) elip_mm contributors. All rights reserved.
"""What a process of its own does, which has imported nothing of ours."""

import sys

from mmengine.runner import CheckpointLoader


def check_imports(rank: int) -> None:
    """Fail if importing changes what mmengine loads, or asking does not."""
    before = dict(CheckpointLoader._schemes)
    assert 'elip_mm' not in sys.modules, 'so this would prove nothing'

    import elip_mm.checkpoint
    import elip_mm.engine
    import elip_mm.launch
    from elip_mm.utils import register_all_modules

    register_all_modules()
    assert CheckpointLoader._schemes == before

    elip_mm.checkpoint.use_safe_loading()
    changed = dict(CheckpointLoader._schemes)
    assert changed.keys() - before.keys() == {'pkg://'}
    assert changed[''] is not before['']
    elip_mm.checkpoint.use_safe_loading()
    assert CheckpointLoader._schemes == changed
