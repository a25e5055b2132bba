"""Pictures and texts that belong together are near, both ways, over all that is seen in one step. Knows vectors only."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache

import torch
from torch import Tensor, nn
from torch.autograd.function import FunctionCtx
from torch.distributed import ProcessGroup, group, is_available, is_initialized, new_group
from torch.distributed.nn.functional import all_gather

MOST = math.log(100)  # of the logarithm of the scale

_alike: ContextVar[bool] = ContextVar("alike", default=False)


class _Bounded(torch.autograd.Function):
    """At most MOST. One that stands there is moved both ways, one beyond it only back."""

    @staticmethod
    def forward(ctx: FunctionCtx, log_scale: Tensor) -> Tensor:
        ctx.save_for_backward(log_scale)
        return log_scale.clamp(max=MOST)

    @staticmethod
    def backward(ctx: FunctionCtx, *gradients: Tensor) -> Tensor:
        (log_scale,) = ctx.saved_tensors  # type: ignore[attr-defined]  # torch knows it
        (gradient,) = gradients
        return gradient * ((log_scale <= MOST + 1e-6) | (gradient > 0))


def contrastive_loss(images: Tensor, texts: Tensor, same: Tensor, log_scale: Tensor) -> Tensor:
    """images, texts: (batch, width), unit length; same: (batch, batch) bool, several may be right.

    Radford et al., arXiv 2103.00020, whose scale is 100 at most, with the targets shared equally among the positives (Khosla et
    al., arXiv 2004.11362).
    """
    logits = images.float() @ texts.float().T * _Bounded.apply(log_scale).exp()
    target = same.float()
    rows = nn.functional.cross_entropy(logits, target / target.sum(dim=1, keepdim=True))
    columns = nn.functional.cross_entropy(logits.T, target.T / target.T.sum(dim=1, keepdim=True))
    return (rows + columns) / 2


def gathered(rows: Tensor) -> Tensor:
    """(batch, ...) of this process -> those of all processes, which are as many in each; gradients find their way back."""
    if _alike.get() or not (is_available() and is_initialized()):
        return rows
    return torch.cat(all_gather(rows, _apart(group.WORLD)))


@contextmanager
def seen_alike(alike: bool) -> Iterator[None]:
    """Where all processes look at the same rows, none of them is to find partners twice."""
    before = _alike.set(alike)
    try:
        yield
    finally:
        _alike.reset(before)


@cache
def _apart(world: ProcessGroup) -> ProcessGroup:
    """The same processes as another group than that in which DDP exchanges gradients, at moments that differ among them."""
    return new_group(range(world.size()))
