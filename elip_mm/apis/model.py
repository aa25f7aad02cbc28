# Copyright (c) elip_mm contributors. All rights reserved.
"""From a config to a model."""

import copy
from contextlib import ExitStack
from os import PathLike
from pathlib import Path
from typing import Any, Dict, Optional, Union

import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmengine.runner import CheckpointLoader
from torch import nn

from elip_mm.adapters import attach_reducer
from elip_mm.checkpoint import check_state_dict, use_safe_loading
from elip_mm.registry import MODELS
from elip_mm.utils.quiet import quiet_logger
from elip_mm.utils.type_names import type_name

from .offline import without_downloads, without_files

Device = Union[str, torch.device]
PathOrConfig = Union[str, PathLike, Config]


def build_model(
    cfg: Config,
    *,
    offline: bool = False,
    initialize: bool = True,
    device: Device = 'cpu',
) -> nn.Module:
    """Build the model of a recipe, as a training of it would start.

    The data preprocessor, the default scope and the seed of the recipe count.
    The generator of the caller is left alone.

    Args:
        cfg (Config): The recipe; it is not changed.
        offline (bool): Whether to do without vocabulary files and weights of
            others: words are random, see :class:`StandInTokenizer`, and so
            are all weights. Defaults to False.
        initialize (bool): Whether to call ``init_weights``. Defaults to True.
        device (str or torch.device): Where it goes; ``'meta'`` needs no
            memory, and there nothing is initialised. Defaults to 'cpu'.

    Returns:
        nn.Module: In training mode.
    """
    settings = cfg.model.to_dict() if cfg.get('model') else {}
    if offline:
        settings = without_files(settings)
    if not settings:
        raise ValueError(
            'build_model: the config has no `model`, only '
            f'{sorted(cfg)}; take a complete recipe.'
        )
    if cfg.get('data_preprocessor') is not None:  # the runner merges it, too
        settings.setdefault('data_preprocessor', cfg.data_preprocessor)
    scope = cfg.get('default_scope') or 'elip_mm'
    with ExitStack() as stack:
        stack.enter_context(DefaultScope.overwrite_default_scope(scope))
        stack.enter_context(torch.random.fork_rng(devices=[]))
        if torch.device(device).type == 'meta':
            stack.enter_context(torch.device('meta'))
        torch.manual_seed((cfg.get('randomness') or {}).get('seed') or 0)
        model = MODELS.build(settings)
        # The caller may have asked for the meta device by a context.
        if any(parameter.is_meta for parameter in model.parameters()):
            return model
        if initialize:
            with quiet_logger():
                model.init_weights()
    return model.to(device)


def init_model(
    config: PathOrConfig,
    checkpoint: Union[str, PathLike, None] = None,
    device: Device = 'cpu',
    cfg_options: Optional[dict] = None,
) -> nn.Module:
    """Build a model and load its weights, ready for use.

    Every weight has to be in the checkpoint, and nothing in it is executed.
    If the config has an :class:`ELIPPruningHook`, its reducer is attached.

    Args:
        config (str, Path or Config): The config, or the path of one.
        checkpoint (str or Path, optional): Path or URL of the weights.
            Defaults to None: they are random.
        device (str or torch.device): Where it goes. Defaults to 'cpu'.
        cfg_options (dict, optional): Changes of the config, such as
            ``{'model.mask_ratio': 0.3}``. Defaults to None.

    Returns:
        nn.Module: In evaluation mode, with the config as ``cfg``.

    Examples:
        >>> model = init_model('configs/clip/clip_tiny_elip_1xb64_synthetic-'
        ...                    'scenes-64px.py', 'work_dirs/last.pth')
    """
    cfg = _read_config(config, cfg_options)
    recipe = copy.deepcopy(cfg)
    recipe.model = without_downloads(cfg.model.to_dict())
    model = build_model(recipe, initialize=checkpoint is None)
    if checkpoint is not None:
        load_weights(model, checkpoint)
    _attach_as_configured(model, cfg)
    model.cfg = cfg
    return model.to(device).eval()


def load_weights(
    model: nn.Module, checkpoint: Union[str, PathLike]
) -> Dict[str, Any]:
    """Load all weights of a model, without executing anything in the file.

    Args:
        model (nn.Module): The model.
        checkpoint (str or Path): Path or URL of a checkpoint that fits it.

    Returns:
        dict: What else the file holds, the weights included.
    """
    use_safe_loading()
    content = CheckpointLoader.load_checkpoint(
        str(checkpoint), map_location='cpu', logger='silent'
    )
    check_state_dict(model, content, source=str(checkpoint))
    return content


def _read_config(
    config: PathOrConfig, cfg_options: Optional[dict] = None
) -> Config:
    """A copy of a config, or what is in its file, with changes."""
    if isinstance(config, Config):
        cfg = copy.deepcopy(config)
    elif not isinstance(config, (str, PathLike)):
        raise TypeError(
            'init_model takes a Config or the path of one, but got a '
            f'{type(config).__name__}.'
        )
    elif not Path(config).is_file():
        raise FileNotFoundError(
            f'there is no config file {config}; check the path, or use '
            'get_model for a model by its name.'
        )
    else:
        cfg = Config.fromfile(config)
    if cfg_options:
        cfg.merge_from_dict(cfg_options)
    return cfg


def _attach_as_configured(model: nn.Module, cfg: Config) -> None:
    """Attach the reducers of the config's ``ELIPPruningHook``."""
    for hook in cfg.get('custom_hooks') or []:
        settings = {k: v for k, v in hook.items() if k != 'priority'}
        if type_name(settings.pop('type')) != 'ELIPPruningHook':
            continue
        if not hasattr(model, 'loss'):
            settings['during'] = ('predict',)
        attach_reducer(model, **settings)
