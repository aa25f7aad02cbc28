# Copyright (c) elip_mm contributors. All rights reserved.
from typing import List, Optional, Union

from mmengine.optim import DefaultOptimWrapperConstructor
from torch import nn

from elip_mm.registry import OPTIM_WRAPPER_CONSTRUCTORS
from elip_mm.utils.model_wrappers import unwrap_model


@OPTIM_WRAPPER_CONSTRUCTORS.register_module()
class CustomKeysOptimWrapperConstructor(DefaultOptimWrapperConstructor):
    """Custom keys set learning rates; norms and biases stay undecayed.

    mmengine lets a custom key replace every other rule, so a five-fold rate
    for a whole module would bring its norms and biases their decay back.
    Here ``norm_decay_mult``, ``bias_decay_mult`` and ``flat_decay_mult``
    still hold, unless the key names a ``decay_mult`` of its own. Scalars
    count as flat.

    Args:
        optim_wrapper_cfg (dict): As in mmengine.
        paramwise_cfg (dict, optional): As in mmengine.
    """

    def add_params(
        self,
        params: List[dict],
        module: nn.Module,
        prefix: str = '',
        is_dcn_module: Optional[Union[int, float]] = None,
    ) -> None:
        """Add all parameters of a module to the groups.

        Args:
            params (list[dict]): Parameter groups, extended in place.
            module (nn.Module): The module.
            prefix (str): Its name. Defaults to ''.
            is_dcn_module (int | float, optional): As in mmengine.
        """
        super().add_params(params, module, prefix, is_dcn_module)
        if prefix or self.base_wd is None:
            return
        module = unwrap_model(module)
        mults = _decay_mults(module, self.paramwise_cfg)
        for group in params:
            mult = mults.get(id(group['params'][0]))
            if mult is not None and 'decay_mult' not in group:
                group['weight_decay'] = self.base_wd * mult


def _decay_mults(model: nn.Module, rules: dict) -> dict:
    """Factor of the decay by identity of a parameter, where a rule holds."""
    norms = (nn.LayerNorm, nn.GroupNorm, nn.modules.batchnorm._BatchNorm)
    mults = {}
    for module in model.modules():
        for name, parameter in module.named_parameters(recurse=False):
            if isinstance(module, norms):
                rule = 'norm_decay_mult'
            elif name == 'bias':
                rule = 'bias_decay_mult'
            elif parameter.ndim < 2:
                rule = 'flat_decay_mult'
            else:
                continue
            if rules.get(rule) is not None:
                mults[id(parameter)] = rules[rule]
    return mults
