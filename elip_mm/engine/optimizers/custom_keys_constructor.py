# Copyright (c) elip_mm contributors. All rights reserved.
from typing import List

from torch import nn

from elip_mm.registry import OPTIM_WRAPPER_CONSTRUCTORS

from .model_rules import ModelRulesOptimWrapperConstructor


@OPTIM_WRAPPER_CONSTRUCTORS.register_module()
class CustomKeysOptimWrapperConstructor(ModelRulesOptimWrapperConstructor):
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

    def finish(self, params: List[dict], model: nn.Module) -> None:
        """Restore what custom keys overruled, see the parent.

        Args:
            params (list[dict]): Groups of one parameter, changed in place.
            model (nn.Module): The model.
        """
        mults = _decay_mults(model, self.paramwise_cfg)
        for group in params:
            mult = mults.get(id(group['params'][0]))
            if mult is not None and 'decay_mult' not in group:
                group['weight_decay'] = self.base_wd * mult
        super().finish(params, model)


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
