"""Rows of a batch, each for itself."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import pad


def pick(x: Tensor, position: Tensor) -> Tensor:
    """[B, S, d] at one position of each row, int64 [B] -> [B, 1, d]."""
    return x[torch.arange(x.shape[0], device=x.device), position][:, None]


def by_row(function: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """An elementwise `function` of x, when nothing learns rounded the same wherever a row stands in the batch.

    A CPU kernel works on whole registers of a dense tensor and finishes its last elements one by one, by another
    exponential: the last row of the batch would differ by a bit. Of a tensor with gaps it finishes each row.
    """
    return function(x if x.requires_grad else pad(x, (0, 1))[..., :-1])
