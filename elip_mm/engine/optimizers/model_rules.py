# Copyright (c) elip_mm contributors. All rights reserved.
"""The constructors of mmengine and mmpretrain, which also ask the model.

They are registered under the names that they extend: a schedule that names no
constructor, or mmpretrain's one for layer-wise rates without a scope, gets
these under ``default_scope='elip_mm'``, whoever wrote it.
"""

from typing import Any, List, Optional

from mmengine.optim import DefaultOptimWrapperConstructor, OptimWrapper
from mmpretrain.engine.optimizers import (
    LearningRateDecayOptimWrapperConstructor as LayerDecayConstructor,
)
from torch import nn

from elip_mm.registry import OPTIM_WRAPPER_CONSTRUCTORS
from elip_mm.utils.model_wrappers import unwrap_model

__all__ = [
    'ModelRulesOptimWrapperConstructor',
    'ModelRulesLayerDecayConstructor',
]


class ModelRules:
    """Spare from decay what the model says; hand torch plain groups.

    A model may have a method ``no_weight_decay()`` that returns names of
    parameters, as timm's do. Of these none is decayed, whatever the rules of
    the schedule are, unless a custom key with a ``decay_mult`` of its own
    matches the name.

    ``torch.compile`` cannot trace an optimiser whose groups are mmengine's
    ``ConfigDict``, so all settings become plain dictionaries.
    """

    paramwise_cfg: dict
    base_wd: Optional[float]

    def __init__(
        self, optim_wrapper_cfg: dict, paramwise_cfg: Optional[dict] = None
    ) -> None:
        super().__init__(  # type: ignore[call-arg]  # of the constructor
            _plain(optim_wrapper_cfg), _plain(paramwise_cfg)
        )

    def __call__(self, model: nn.Module) -> OptimWrapper:
        """Build the optimizer of a model, and its wrapper."""
        if not self.paramwise_cfg and _undecayed(unwrap_model(model)):
            # Without any rule mmengine would make one group of everything.
            self.paramwise_cfg = dict(bypass_duplicate=True)
        return super().__call__(model)  # type: ignore[misc]

    def add_params(
        self,
        params: List[dict],
        module: nn.Module,
        prefix: str = '',
        **kwargs: Any,
    ) -> None:
        """Add all parameters of a module to the groups.

        Args:
            params (list[dict]): Groups of one parameter, extended in place.
            module (nn.Module): The module.
            prefix (str): Its name. Defaults to '', the whole model.
            **kwargs: As in the extended constructor.
        """
        super().add_params(  # type: ignore[misc]
            params, module, prefix, **kwargs
        )
        if not prefix and self.base_wd is not None:
            self.finish(params, unwrap_model(module))

    def finish(self, params: List[dict], model: nn.Module) -> None:
        """Change the decay of groups where the whole model is needed.

        Args:
            params (list[dict]): Groups of one parameter, changed in place.
            model (nn.Module): The model.
        """
        spared = _undecayed(model)
        for group in params:
            name = spared.get(id(group['params'][0]))
            if name is not None and not self._is_named(name):
                group['weight_decay'] = 0.0

    def _is_named(self, name: str) -> bool:
        """Whether the custom key that holds for a name sets its decay."""
        keys = self.paramwise_cfg.get('custom_keys', {})
        # mmengine's order: the longest first, then by the alphabet.
        for key in sorted(sorted(keys), key=len, reverse=True):
            if key in f'.{name}':
                return 'decay_mult' in keys[key]
        return False


@OPTIM_WRAPPER_CONSTRUCTORS.register_module(
    name=['DefaultOptimWrapperConstructor']
)
class ModelRulesOptimWrapperConstructor(
    ModelRules, DefaultOptimWrapperConstructor
):
    """mmengine's rules, after those of the model, see :class:`ModelRules`.

    Args:
        optim_wrapper_cfg (dict): As in mmengine.
        paramwise_cfg (dict, optional): As in mmengine. Defaults to None.
    """


@OPTIM_WRAPPER_CONSTRUCTORS.register_module(
    name=['LearningRateDecayOptimWrapperConstructor']
)
class ModelRulesLayerDecayConstructor(ModelRules, LayerDecayConstructor):
    """mmpretrain's layer-wise rates, after the rules of the model.

    Args:
        optim_wrapper_cfg (dict): As in mmpretrain.
        paramwise_cfg (dict, optional): As in mmpretrain. Defaults to None.
    """


def _undecayed(model: nn.Module) -> dict:
    """Parameters that a model wants spared: from identity to name."""
    ask = getattr(model, 'no_weight_decay', None)
    names = set(ask()) if callable(ask) else set()
    return {
        id(parameter): name
        for name, parameter in model.named_parameters()
        if name in names
    }


def _plain(value: Any) -> Any:
    """The same settings without mmengine's ``ConfigDict``."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_plain(item) for item in value)
    return value
