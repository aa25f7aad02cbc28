# Copyright (c) elip_mm contributors. All rights reserved.
from typing import Iterator, List, NamedTuple, Optional, Tuple

import torch
import torch.distributed as dist
import torch.nn.functional as F
from mmengine.dist import get_rank, get_world_size
from torch import Tensor

from elip_mm.utils.precision import exact, widen


class PairSums(NamedTuple):
    """Loss of some columns and its gradients.

    Args:
        loss (Tensor): Scalar.
        image (Tensor): Gradient of the images, shape ``(B, E)``.
        text (Tensor): Gradient of these columns, shape ``(C, E)``.
        scale (Tensor): Gradient of the scale, scalar.
        bias (Tensor): Gradient of the bias, scalar.
    """

    loss: Tensor
    image: Tensor
    text: Tensor
    scale: Tensor
    bias: Tensor


def sigmoid_pair_loss(
    image: Tensor, text: Tensor, scale: Tensor, bias: Tensor
) -> Tensor:
    """Sigmoid loss over all pairs of a batch, written down plainly.

    Args:
        image (Tensor): Unit-norm image features, shape ``(B, E)``.
        text (Tensor): Unit-norm text features, row i pairs with image i,
            shape ``(B, E)``.
        scale (Tensor): Inverse temperature itself, not its logarithm.
        bias (Tensor): Added to every logit.

    Returns:
        Tensor: Sum over the pairs divided by ``B``, in nats.

    Source: SigLIP, https://arxiv.org/abs/2303.15343.
    """
    logits = scale * image @ text.t() + bias
    sign = 2 * torch.eye(len(image), device=image.device) - 1
    return -F.logsigmoid(sign * logits).sum() / len(image)


def global_sigmoid_loss(
    image: Tensor,
    text: Tensor,
    scale: Tensor,
    bias: Tensor,
    chunk_size: Optional[int] = None,
) -> Tensor:
    """The same of local images against the texts of all processes.

    Each process in turn shows its texts to the others, which answer with
    their gradients. Only one chunk of texts and one block of logits exist at
    a time, so memory depends neither on the number of processes nor, with a
    ``chunk_size``, on the square of the batch. The result is exact: averaging
    parameter gradients over processes gives those of the global batch.

    Args:
        image (Tensor): Unit-norm features of the local images, ``(B, E)``.
        text (Tensor): Unit-norm features of the local texts, ``(B, E)``; as
            many on every process.
        scale (Tensor): Inverse temperature itself, not its logarithm.
        bias (Tensor): Added to every logit.
        chunk_size (int, optional): Texts of one block. Defaults to None, all
            texts of one process.

    Returns:
        Tensor: Sum over the local images and all texts, divided by ``B``, in
        nats and float32 or wider.

    Source: SigLIP, https://arxiv.org/abs/2303.15343, section 3.3.
    """
    with exact(image.device):
        return _GlobalSigmoid.apply(
            widen(image), widen(text), widen(scale), widen(bias), chunk_size
        )


class _GlobalSigmoid(torch.autograd.Function):
    """Keeps gradients of its inputs instead of logits.

    A scalar loss has gradients that only scale with what comes back, so they
    are taken while the logits are there. What comes back is the same on
    every process, as each of them adds up its losses in the same way.
    """

    @staticmethod
    def forward(ctx, image, text, scale, bias, chunk_size):
        batch = len(image)
        with_grad = any(ctx.needs_input_grad)
        loss = scale.new_zeros(())
        found = [torch.zeros_like(x) for x in (image, text, scale, bias)]
        for owner in range(get_world_size()):
            shown = _show(text, owner)
            answer = torch.zeros_like(shown)
            for rows in _chunks(batch, chunk_size or batch):
                own = rows if owner == get_rank() else None
                sums = _block(image, shown[rows], scale, bias, own)
                loss += sums.loss
                answer[rows] = sums.text
                found[0] += sums.image
                found[2] += sums.scale
                found[3] += sums.bias
            if with_grad:
                _answer(answer, owner)
            if owner == get_rank():
                found[1] = answer
        ctx.save_for_backward(*found)
        return loss

    @staticmethod
    def backward(ctx, grad: Tensor) -> Tuple[Optional[Tensor], ...]:
        wanted: List[Optional[Tensor]] = [grad * g for g in ctx.saved_tensors]
        return (*wanted, None)


def _block(
    image: Tensor,
    text: Tensor,
    scale: Tensor,
    bias: Tensor,
    own: Optional[slice],
) -> PairSums:
    """Loss and gradients of one block of logits.

    ``own`` are the rows whose texts these columns are, None if they are of
    another process and hence all negatives.
    """
    cosine = image @ text.t()
    sign = -torch.ones_like(cosine)
    if own is not None:
        # By comparison: a compiler cannot write into a view of the diagonal.
        row = torch.arange(len(image), device=image.device).unsqueeze(1)
        column = torch.arange(own.start, own.stop, device=image.device)
        sign = torch.where(row == column, -sign, sign)
    margin = sign * (scale * cosine + bias)
    weight = -sign * torch.sigmoid(-margin) / len(image)
    return PairSums(
        loss=-F.logsigmoid(margin).sum() / len(image),
        image=scale * weight @ text,
        text=scale * weight.t() @ image,
        scale=(weight * cosine).sum(),
        bias=weight.sum(),
    )


def _chunks(total: int, size: int) -> Iterator[slice]:
    for begin in range(0, total, size):
        yield slice(begin, min(begin + size, total))


def _show(text: Tensor, owner: int) -> Tensor:
    """Texts of the process whose turn it is."""
    if get_world_size() == 1:
        return text
    shown = text.clone() if owner == get_rank() else torch.empty_like(text)
    dist.broadcast(shown, owner)
    return shown


def _answer(gradient: Tensor, owner: int) -> None:
    """Add up, at their owner, the gradients that all processes found."""
    if get_world_size() > 1:
        dist.reduce(gradient, owner)
