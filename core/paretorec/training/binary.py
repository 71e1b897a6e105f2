"""Binary cross-entropy with sampled negatives, its overconfidence taken out: gBCE (Petrov and Macdonald 2023)."""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from paretorec.training.blocks import block_rows, equal_blocks, full_precision
from paretorec.training.precision import float_products


def gbce_power(calibration: float, negatives: int, items: int) -> float:
    """The power beta on a positive's probability: ``a (t (1 - 1 / a) + 1 / a)`` with sampling rate a = negatives /
    (items - 1), at most 1. Calibration t = 0: 1, plain binary cross-entropy; t = 1: a, where scores estimate
    probabilities as if no negative had been left out (Petrov and Macdonald 2023, equation 15)."""
    rate = min(negatives / max(items - 1, 1), 1.0)
    return 1 - calibration * (1 - rate)


class _NegativeLoss(torch.autograd.Function):
    """Sum of count_i times_k softplus(q_i . c_k) over all pairs but those left out, and both gradients, in blocks."""

    @staticmethod
    def forward(
        ctx: Any,
        queries: Tensor,
        negatives: Tensor,
        count: Tensor,
        times: Tensor,
        row: Tensor,
        column: Tensor,
        block: int | None,
        bf16: bool,
    ) -> Tensor:
        asked, step = len(queries), block_rows(len(negatives), block)
        if bf16:
            queries, step = equal_blocks(queries, step)
            count = torch.nn.functional.pad(count, (0, len(queries) - asked))
        starts = range(0, len(queries), step)
        first = torch.searchsorted(row, torch.tensor([*starts, len(queries)], device=row.device)).tolist()
        d_queries, d_negatives = torch.empty_like(queries), torch.zeros_like(negatives)
        loss = queries.new_zeros((), dtype=torch.float64)
        with float_products(bf16, queries.device):
            for number, start in enumerate(starts):
                query, n = queries[start : start + step], count[start : start + step, None]
                part = slice(first[number], first[number + 1])
                logits = query @ negatives.t()  # [block, K]
                logits[row[part] - start, column[part]] = -torch.inf
                loss += (torch.nn.functional.softplus(logits) @ times * n[:, 0]).sum(dtype=torch.float64)
                logits.sigmoid_().mul_(times)
                torch.mul(logits @ negatives, n, out=d_queries[start : start + step])
                d_negatives.addmm_(logits.t(), query * n)
        ctx.save_for_backward(d_queries[:asked], d_negatives)
        return loss.to(queries.dtype)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        d_queries, d_negatives = ctx.saved_tensors
        return d_queries * grad, d_negatives * grad, None, None, None, None, None, None


def gbce_loss(
    queries: Tensor,
    candidates: Tensor,
    row: Tensor,
    column: Tensor,
    negatives: Tensor,
    times: Tensor,
    power: float,
    *,
    weight: Tensor | None = None,
    block: int | None = None,
    bf16: bool = False,
) -> Tensor:
    """Weighted mean over targets of ``(power softplus(-l_target) + sum_k times_k softplus(l_k)) / (1 + sum_k times_k)``
    with logits l = q . c: minus the log-likelihood of the target and against the negatives, which all queries share.
    A query's own targets are none of its negatives.

    Differentiable once in `queries` and `candidates`; [queries, negatives] is worked through in blocks.

    queries: float [Q, d].  candidates: float [M, d].  row: int64 [T], ascending, the query of each target.
    column: int64 [T], the candidate that is the target.  negatives: int64 [K], ascending, distinct candidates.
    times: float [K], how often each was drawn.  power: see `gbce_power`.  weight: float [T], above 0; default 1.
    block: logits held at once.  bf16: see `float_products`.  Returns a scalar; 0 without targets.
    """
    queries, candidates = full_precision(queries, candidates)
    if not len(row):
        return (queries.sum() + candidates.sum()) * 0
    weight = queries.new_ones(len(row)) if weight is None else weight.to(queries.dtype)
    count = queries.new_zeros(len(queries)).index_add_(0, row, weight)
    place = torch.searchsorted(negatives, column).clamp_(max=len(negatives) - 1)
    own = negatives[place] == column
    targets = (queries.index_select(0, row) * candidates.index_select(0, column)).sum(1)
    positive = power * (weight * torch.nn.functional.softplus(-targets)).sum()
    times = times.to(queries.dtype)
    against = candidates.index_select(0, negatives)
    negative = cast(
        Tensor,
        _NegativeLoss.apply(queries, against, count, times, row[own], place[own], block, bf16),  # type: ignore[no-untyped-call]
    )
    return (positive + negative) / (weight.sum() * (1 + times.sum()))
