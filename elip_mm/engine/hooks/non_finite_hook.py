# Copyright (c) elip_mm contributors. All rights reserved.
from typing import Any, Callable, Dict, List, Optional

import torch
from mmengine.dist import all_reduce
from mmengine.hooks import Hook
from mmengine.optim import OptimWrapper, OptimWrapperDict
from mmengine.runner import Runner
from torch import Tensor, nn
from torch.optim import Optimizer

from elip_mm.registry import HOOKS
from elip_mm.utils.finite import all_finite
from elip_mm.utils.model_wrappers import optimizers_of

from .non_finite_report import describe_batch, describe_cause, describe_terms

__all__ = ['NonFiniteHook']


@HOOKS.register_module()
class NonFiniteHook(Hook):
    """Stop, or skip the step, when numbers are no longer finite.

    Before each step of an optimiser the loss terms since the last one, and
    the gradient, are looked at. If any number is NaN or infinite, on any
    process, no process makes the step: the gradient is dropped, and weights
    and moments stay what they were. Then the run stops with an error that
    names the first loss term and the images, or goes on.

    A step that is skipped is skipped whole: with ``accumulative_counts``
    the gradients of all batches that it is made of. The iteration counts all
    the same; data, random numbers and schedule go on as if it had been made.
    What the forward pass does stays done: a momentum encoder has moved
    towards weights that are sound, and a feature queue has taken the features
    that are finite.

    Under loss scaling (float16) a gradient that overflows is normal and left
    to the scaler; only losses, and scaling without end, are judged.

    It costs one number read from the device for each step, and one number
    exchanged between processes.

    Args:
        action (str): ``'stop'`` or ``'skip'``. Defaults to 'stop'.
        patience (int): Steps in a row that may be left out before the run
            stops in any case; it stops at once if weights are not finite.
            Defaults to 50.
    """

    # Before any other hook works with what the step has given.
    priority = 'HIGHEST'

    def __init__(self, action: str = 'stop', patience: int = 50) -> None:
        if action not in ('stop', 'skip'):
            raise ValueError(
                "NonFiniteHook: action must be 'stop' or 'skip', but got "
                f'{action!r}.'
            )
        if patience < 1:
            raise ValueError(
                'NonFiniteHook: patience must be a positive number of steps, '
                f'but got {patience}.'
            )
        self.action = action
        self.patience = patience
        self._handles: List[Any] = []
        self._names: Dict[int, str] = {}
        self._left_out = 0  # steps in a row
        self._spoiled = False  # whether by a batch of the step to come
        self._start_iteration()

    def _start_iteration(self) -> None:
        self._terms: Dict[str, Tensor] = {}
        self._watching = False
        self._judged: Optional[bool] = None  # whether the step was broken
        self._gradient: Optional[str] = None

    def before_train(self, runner: Runner) -> None:
        """Look at losses and gradients from here on."""
        self.after_train(runner)
        # What is read from the device cannot be part of a graph.
        apart: Callable = (
            torch.compiler.disable if runner.cfg.get('compile') else _as_it_is
        )
        self._handles = [
            runner.model.register_forward_hook(apart(self._note_terms))
        ]
        for _, optimizer in optimizers_of(runner.optim_wrapper):
            self._handles.append(
                optimizer.register_step_pre_hook(apart(self._guard_step))
            )
        self._names = {
            id(parameter): name
            for name, parameter in runner.model.named_parameters()
        }

    def after_train(self, runner: Runner) -> None:
        """Look no longer."""
        for handle in self._handles:
            handle.remove()
        self._handles = []

    def before_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None
    ) -> None:
        """Expect the losses of a batch."""
        self._start_iteration()
        self._watching = True

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: Optional[dict] = None,
    ) -> None:
        """Stop, or say what was skipped.

        Args:
            runner (Runner): The runner.
            batch_idx (int): Number of the batch in its epoch.
            data_batch (Any): The batch. Defaults to None.
            outputs (dict, optional): What goes to the log; without what is
                not finite afterwards. Defaults to None.

        Raises:
            FloatingPointError: If the run cannot go on.
        """
        outputs = {} if outputs is None else outputs
        terms = self._terms or _losses(outputs)
        stepped = self._judged is not None
        broken = self._judged or False
        if not stepped:
            broken = _anywhere(~all_finite(terms.values()))
        told = stepped and self._spoiled  # with the batch that spoiled it
        gathering = _gathers(runner.optim_wrapper)
        self._spoiled = gathering and (self._spoiled or broken)
        self._watching = False
        if not gathering:
            left_out = broken or not stepped
            self._left_out = self._left_out + 1 if left_out else 0
        if broken and not told:
            what = (
                f'Iteration {runner.iter + 1} (epoch {runner.epoch + 1}): '
                f'{describe_terms(terms, self._gradient)}. '
                f'{describe_batch(data_batch)}'
            )
            self._stop_if_due(runner, what, data_batch)
            runner.logger.warning(f'{what} The step is skipped.')
        if self._left_out >= self.patience:
            raise FloatingPointError(
                f'training stopped: {self._left_out} steps in a row were left '
                f'out. {describe_cause(runner.model, data_batch)} '
                f'{self._mend(runner)}'
            )
        for name in [n for n, v in outputs.items() if not _finite(v)]:
            outputs.pop(name)  # else the means in the log are NaN

    def _stop_if_due(self, runner: Runner, what: str, data_batch: Any) -> None:
        # Weights do not become sound again by leaving steps out.
        if self.action == 'skip' and not _anywhere(
            ~all_finite(runner.model.parameters())
        ):
            return
        raise FloatingPointError(
            f'training stopped before a step was made. {what} '
            f'{describe_cause(runner.model, data_batch)} {self._mend(runner)}'
        )

    def _mend(self, runner: Runner) -> str:
        last = runner.message_hub.runtime_info.get('last_ckpt')
        return (
            f'The last checkpoint is {last or "not written yet"}. A lower '
            'learning rate, a longer warm-up or optim_wrapper.clip_grad='
            'dict(max_norm=1.0) help where a training diverges; '
            "default_hooks.non_finite.action='skip' leaves out single bad "
            'batches, which a resumed run meets again.'
        )

    def _note_terms(self, module: nn.Module, args: Any, output: Any) -> None:
        """See the loss terms before they are added up."""
        if self._watching and isinstance(output, dict):
            self._terms.update(_losses(output))

    def _guard_step(
        self, optimizer: Optimizer, args: Any, kwargs: Any
    ) -> None:
        """Drop a gradient that must not reach the weights."""
        if not self._watching:
            return
        parameters = [
            parameter
            for group in optimizer.param_groups
            for parameter in group['params']
            if parameter.grad is not None
        ]
        whole = all_finite(p.grad for p in parameters)
        whole = whole & all_finite(self._terms.values()).to(whole.device)
        broken = _anywhere(~whole) or self._spoiled
        self._judged = broken or bool(self._judged)
        if not broken:
            return
        for parameter in parameters:
            if self._gradient is None and not all_finite([parameter.grad]):
                self._gradient = self._names.get(id(parameter), 'a parameter')
            # An optimiser passes over parameters without a gradient.
            parameter.grad = None


def _gathers(optim_wrapper: Any) -> bool:
    """Whether gradients wait for those of further batches."""
    single = isinstance(optim_wrapper, OptimWrapper) and not isinstance(
        optim_wrapper, OptimWrapperDict
    )
    return single and not optim_wrapper.should_update()


def _finite(value: Any) -> bool:
    return bool(torch.as_tensor(value).isfinite().all())


def _as_it_is(function: Callable) -> Callable:
    return function


def _losses(outputs: Dict[str, Any]) -> Dict[str, Tensor]:
    """Loss terms of what a model gives, each as one tensor."""
    terms = {}
    for name, value in outputs.items():
        if 'loss' not in name:
            continue
        if isinstance(value, (list, tuple)):
            value = torch.stack([torch.as_tensor(v).mean() for v in value])
        terms[name] = torch.as_tensor(value).detach()
    return terms


def _anywhere(broken: Tensor) -> bool:
    """Whether something is so on any process; all get the same answer."""
    flag = broken.to(torch.int32)
    all_reduce(flag, 'max')
    return bool(flag)
