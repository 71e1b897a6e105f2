"""Softmax cross-entropy over a whole catalogue, without ever holding [queries, items] at once."""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

BLOCK = 2**22
"""Logits held at once (16 MiB): the fastest of 2**19 .. 2**24 for 3,400 items of width 64 on a two-core server."""


class _SoftmaxLoss(torch.autograd.Function):
    """Loss and both gradients from one pass over blocks of logits; backward only scales what forward kept."""

    @staticmethod
    def forward(
        ctx: Any,
        queries: Tensor,
        candidates: Tensor,
        row: Tensor,
        column: Tensor,
        offset: Tensor | None,
        block: int,
    ) -> Tensor:
        count = torch.bincount(row, minlength=len(queries)).to(queries.dtype)
        ends = torch.cumsum(count, 0).long().tolist()
        total = max(len(row), 1)
        step = max(block // max(len(candidates), 1), 1)
        d_queries, d_candidates = torch.zeros_like(queries), torch.zeros_like(candidates)
        loss = queries.new_zeros((), dtype=torch.float64)
        transposed = candidates.t()
        buffer = queries.new_empty(min(step, len(queries)), len(candidates))
        for start in range(0, len(queries), step):
            end = min(start + step, len(queries))
            part = slice(ends[start - 1] if start else 0, ends[end - 1])
            query, n = queries[start:end], count[start:end]
            local, target = row[part] - start, column[part]
            logits = torch.mm(query, transposed, out=buffer[: end - start])  # [block, M]
            if offset is not None:
                logits += offset
            logits -= logits.amax(1, keepdim=True)
            picked = logits[local, target]
            logits.exp_()
            normaliser = logits.sum(1)
            loss += (n * normaliser.log()).sum(dtype=torch.float64) - picked.sum(dtype=torch.float64)
            # From here on: rows of (softmax x n - one-hot targets), times normaliser / n. The missing factor goes to
            # the narrow [block, d] side, which saves a pass over the logits.
            logits.index_put_((local, target), -(normaliser / n)[local], accumulate=True)
            scale = (n / normaliser / total)[:, None]
            torch.mul(logits @ candidates, scale, out=d_queries[start:end])
            d_candidates.addmm_(logits.t(), query * scale)
        ctx.save_for_backward(d_queries, d_candidates)
        return (loss / total).to(queries.dtype)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        d_queries, d_candidates = ctx.saved_tensors
        return d_queries * grad, d_candidates * grad, None, None, None, None


def softmax_loss(
    queries: Tensor,
    candidates: Tensor,
    row: Tensor,
    column: Tensor,
    offset: Tensor | None = None,
    block: int = BLOCK,
) -> Tensor:
    """Mean over targets t of ``logsumexp_m(q[row_t] . c_m + offset_m) - (q[row_t] . c[column_t] + offset[column_t])``.

    Differentiable once in `queries` and `candidates`. Memory is O(block + Q d + M d): the logits of a block of
    queries, their softmax and both gradients are made and consumed before the next block begins, so the backward
    pass repeats no exponential. A query with several targets (a basket) costs one softmax, not one per target.

    queries: float [Q, d].  candidates: float [M, d].  row: int64 [T], ascending, the query of each target.
    column: int64 [T], the candidate that is the target.  offset: float [M], added to the logits (no gradient),
    such as minus the log of a sampled candidate's inclusion probability.  block: logits held at once.
    Returns a scalar; 0 without targets.
    """
    return cast(Tensor, _SoftmaxLoss.apply(queries, candidates, row, column, offset, block))  # type: ignore[no-untyped-call]
