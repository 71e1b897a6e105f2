"""Self-attention over a history."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Attention(nn.Module):
    """Causal multi-head self-attention, [B, S, d] -> [B, S, d]."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.inputs = nn.Linear(width, 3 * width)
        self.output = nn.Linear(width, width)

    def _split(self, x: Tensor) -> Tensor:
        return x.view(*x.shape[:2], self.heads, -1).transpose(1, 2)  # [B, S, d] -> [B, heads, S, d / heads]

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = (self._split(part) for part in self.inputs(x).chunk(3, dim=-1))
        mixed = nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.output(mixed.transpose(1, 2).flatten(2))  # type: ignore[no-any-return]

    def at(self, x: Tensor, position: Tensor) -> Tensor:
        """As `forward`, at one position of each row only. position: int64 [B]. Returns [B, 1, d]."""
        width = x.shape[-1]
        weight, bias = self.inputs.weight, self.inputs.bias
        rows = torch.arange(len(x), device=x.device)
        q = nn.functional.linear(x[rows, position][:, None], weight[:width], bias[:width])
        k, v = nn.functional.linear(x, weight[width:], bias[width:]).chunk(2, dim=-1)
        visible = torch.arange(x.shape[1], device=x.device) <= position[:, None]  # [B, S]
        mixed = nn.functional.scaled_dot_product_attention(
            self._split(q), self._split(k), self._split(v), attn_mask=visible[:, None, None]
        )
        return self.output(mixed.transpose(1, 2).flatten(2))  # type: ignore[no-any-return]
