"""Softmax cross-entropy over a whole catalogue, without ever holding [queries, items] at once."""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from paretorec.training.blocks import block_rows, equal_blocks, full_precision, logit_bound
from paretorec.training.precision import float_products

SAFE = 60.0
"""Logits up to this size need no shift: exp neither overflows nor underflows in float32, nor do sums of 10**9."""


class _SoftmaxLoss(torch.autograd.Function):
    """Loss and both gradients from one pass over blocks of logits; backward only scales what forward kept."""

    @staticmethod
    def forward(
        ctx: Any,
        queries: Tensor,
        candidates: Tensor,
        row: Tensor,
        column: Tensor,
        weight: Tensor,
        offset: Tensor | None,
        kept: float,
        block: int | None,
        bf16: bool,
    ) -> Tensor:
        asked, step = len(queries), block_rows(len(candidates), block)
        if bf16:
            queries, step = equal_blocks(queries, step)
        count = queries.new_zeros(len(queries)).index_add_(0, row, weight)  # [Q]: weight of all targets of a query
        total = weight.sum(dtype=torch.float64).to(queries.dtype)
        starts = range(0, len(queries), step)
        first = torch.searchsorted(row, torch.tensor([*starts, len(queries)], device=row.device)).tolist()
        shift = not bool(logit_bound(queries, candidates, offset) < SAFE)  # also where the bound is not a number
        d_queries, d_candidates = torch.empty_like(queries), torch.zeros_like(candidates)
        loss = queries.new_zeros((), dtype=torch.float64)
        transposed = candidates.t()
        buffer = queries.new_empty(min(step, len(queries)), len(candidates))
        with float_products(bf16, queries.device):
            for number, start in enumerate(starts):
                query, n = queries[start : start + step], count[start : start + step]
                part = slice(first[number], first[number + 1])
                local, target, each = row[part] - start, column[part], weight[part]
                logits = torch.mm(query, transposed, out=buffer[: len(query)])  # [block, M]
                picked = logits[local, target]
                if offset is not None:
                    logits += offset
                    logits[local, target] = picked
                if shift:
                    highest = logits.amax(1, keepdim=True)
                    logits -= highest
                    picked = picked - highest[local, 0]
                    loss += (1 - kept) * (n * highest[:, 0]).sum(dtype=torch.float64)
                logits.exp_()
                normaliser = logits.sum(1)
                loss += (n * normaliser.log()).sum(dtype=torch.float64)
                loss -= kept * (each * picked).sum(dtype=torch.float64)
                # From here on: rows of (softmax x n - one-hot targets), times normaliser / n. The missing factor goes
                # to the narrow [block, d] side, which saves a pass over the logits.
                logits.index_put_((local, target), -kept * each * (normaliser / n)[local], accumulate=True)
                scale = (n / normaliser / total)[:, None]
                torch.mul(logits @ candidates, scale, out=d_queries[start : start + step])
                d_candidates.addmm_(logits.t(), query * scale)
        ctx.save_for_backward(d_queries[:asked], d_candidates)
        return (loss / total).to(queries.dtype)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        d_queries, d_candidates = ctx.saved_tensors
        return d_queries * grad, d_candidates * grad, None, None, None, None, None, None, None


def softmax_loss(
    queries: Tensor,
    candidates: Tensor,
    row: Tensor,
    column: Tensor,
    *,
    weight: Tensor | None = None,
    offset: Tensor | None = None,
    smoothing: float = 0.0,
    block: int | None = None,
    bf16: bool = False,
) -> Tensor:
    """Weighted mean over targets t of ``log(sum_m exp(l[row_t, m])) - l[row_t, column_t]``, ``l[i, m] = q_i . c_m``.

    Differentiable once in `queries` and `candidates`. Memory is O(block + Q d + M d): the logits of a block of
    queries, their softmax and both gradients are made and consumed before the next block begins, so the backward
    pass repeats no exponential. A query with several targets (a basket) costs one softmax, not one per target.

    queries: float [Q, d].  candidates: float [M, d].  row: int64 [T], ascending, the query of each target.
    column: int64 [T], the candidate that is the target.  weight: float [T], above 0; default 1.
    offset: float [M], added to the logits of all candidates but a query's own targets (no gradient): minus the log of
    a sampled candidate's probability to be there; own targets are there for sure.
    smoothing: share of a target that is spread evenly over all candidates (Szegedy et al. 2016, label smoothing).
    block: logits held at once; default: see `block_rows`.  bf16: see `float_products`.
    Returns a scalar; 0 without targets.
    """
    queries, candidates = full_precision(queries, candidates)
    if not len(row):
        return (queries.sum() + candidates.sum()) * 0
    weight = queries.new_ones(len(row)) if weight is None else weight.to(queries.dtype)
    loss = cast(
        Tensor,
        _SoftmaxLoss.apply(queries, candidates, row, column, weight, offset, 1 - smoothing, block, bf16),  # type: ignore[no-untyped-call]
    )
    if smoothing:
        mean = (queries.index_select(0, row) * (weight / weight.sum())[:, None]).sum(0)
        loss = loss - smoothing * (mean * candidates.mean(0)).sum()
    return loss
