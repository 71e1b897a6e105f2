"""What losses that work block by block share."""

from __future__ import annotations

import torch
from torch import Tensor

BLOCK = 2**22
"""Logits held at once (16 MiB). Fewer make the products slower; many more come as fresh memory for every step, which
costs more than the exponentials: for 20,000 items 2.8 ns a logit on one core up to 2**22.3, 3.7 from 2**23.3 on."""
SHAPES = 64
"""Rows of a block are a multiple of it, where shapes matter."""
ROWS = 64
"""Queries in a block at least: the gradient of all candidates is read and written once a block."""


def block_rows(candidates: int, block: int | None) -> int:
    """How many queries go into a block: `block` logits, one query at least; default `BLOCK` and `ROWS`."""
    least, logits = (1, block) if block is not None else (ROWS, BLOCK)
    return max(logits // max(candidates, 1), least)


def equal_blocks(queries: Tensor, rows: int) -> tuple[Tensor, int]:
    """Queries with zeros behind them, so that blocks of as many rows, at most about `rows`, hold them all; the rows.

    oneDNN compiles a kernel for every new shape of a bf16 product, which costs as much as the product: with as many
    rows in all blocks, multiples of `SHAPES`, batches of about one size share their kernels (3,400 items: 7.5 instead
    of 9.4 us a query).
    """
    count = max(len(queries), 1)
    blocks = -(-count // rows)
    each = -(-count // (blocks * SHAPES)) * SHAPES
    whole = -(-count // each) * each
    return torch.nn.functional.pad(queries, (0, 0, 0, whole - len(queries))), each


def full_precision(*tensors: Tensor) -> tuple[Tensor, ...]:
    """As float32 what comes out of a network in bfloat16 or float16."""
    return tuple(x if x.dtype in (torch.float32, torch.float64) else x.float() for x in tensors)


def logit_bound(queries: Tensor, candidates: Tensor, offset: Tensor | None) -> Tensor:
    """Scalar that no logit's size exceeds, by Cauchy and Schwarz: |q| |c| + |offset|. O(Q d + M d)."""
    longest: Tensor = torch.linalg.vector_norm(queries, dim=1).max() * torch.linalg.vector_norm(candidates, dim=1).max()
    return longest if offset is None else longest + offset.abs().max()
