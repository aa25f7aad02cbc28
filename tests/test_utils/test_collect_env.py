# Copyright (c) elip_mm contributors. All rights reserved.
import elip_mm
from elip_mm.utils import collect_env


def test_environment_names_every_library():
    env = collect_env()
    assert env['elip_mm'] == elip_mm.__version__
    assert env['mmengine'] and env['mmpretrain']
    assert all(isinstance(value, str) for value in env.values())
