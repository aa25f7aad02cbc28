# Copyright (c) elip_mm contributors. All rights reserved.
import time
import warnings

__all__ = ['register_all_modules']


def register_all_modules(init_default_scope: bool = True) -> None:
    """Import every module of ``elip_mm`` and mmpretrain that registers types.

    Registries import these by themselves when a name has the prefix
    ``elip_mm`` or the default scope is ``elip_mm``; call this for code that
    builds from names without going through a runner.

    Args:
        init_default_scope (bool): Whether to make ``elip_mm`` the default
            scope, so that names need no prefix. Defaults to True.
    """
    import mmpretrain.utils
    from mmengine.registry import DefaultScope

    import elip_mm.datasets
    import elip_mm.engine
    import elip_mm.evaluation
    import elip_mm.models
    import elip_mm.visualization  # noqa: F401

    mmpretrain.utils.register_all_modules(init_default_scope=False)
    if not init_default_scope:
        return

    current = DefaultScope.get_current_instance()
    if current is not None and current.scope_name == 'elip_mm':
        return
    name = 'elip_mm'
    if current is not None:
        warnings.warn(
            f'The default scope was "{current.scope_name}" and is "elip_mm" '
            'from now on; pass init_default_scope=False to leave it alone.'
        )
    if DefaultScope.check_instance_created(name):
        # An instance keeps its place among the older ones, and the newest
        # one counts: a new name is needed to come first again.
        name = f'elip_mm-{time.time_ns()}'
    DefaultScope.get_instance(name, scope_name='elip_mm')
