"""What the network is stacked from."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from paretorec.training import SeededDropout
from paretorec_plugins.transformer.attention import Attention
from paretorec_plugins.transformer.config import TransformerConfig


class Block(nn.Module):
    """x + attention(norm(x)), then x + dense(norm(x))."""

    def __init__(self, config: TransformerConfig, generator: torch.Generator) -> None:
        super().__init__()
        width, hidden = config.width, config.width * config.expansion
        self.attention_norm = nn.LayerNorm(width)
        self.attention = Attention(width, config.heads)
        self.dense_norm = nn.LayerNorm(width)
        self.dense = nn.Sequential(nn.Linear(width, hidden), nn.GELU(), nn.Linear(hidden, width))
        self.dropout = SeededDropout(config.dropout, generator)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.dropout(self.attention(self.attention_norm(x)))
        return x + self.dropout(self.dense(self.dense_norm(x)))  # type: ignore[no-any-return]

    def at(self, x: Tensor, position: Tensor) -> Tensor:
        """As `forward` without dropout, at one position of each row only. Returns [B, 1, d]."""
        rows = torch.arange(len(x), device=x.device)
        y = x[rows, position][:, None] + self.attention.at(self.attention_norm(x), position)
        return y + self.dense(self.dense_norm(y))  # type: ignore[no-any-return]
