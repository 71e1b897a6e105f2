"""What the network is stacked from: attention and a dense part, each behind a norm and beside a way round it."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import silu

from paretorec.training import SeededDropout
from paretorec_plugins.sequence.attention import ATTENTION
from paretorec_plugins.sequence.families import TransformerConfig
from paretorec_plugins.sequence.positions import Pairs
from paretorec_plugins.sequence.rows import by_row, pick


class SwiGLU(nn.Module):
    """W2 (silu(W1 x) * W3 x), two thirds as wide as a plain dense part, so that it has as many weights (Shazeer
    2020)."""

    def __init__(self, width: int, expansion: int) -> None:
        super().__init__()
        hidden = -(-2 * expansion * width // 24) * 8  # rounded up to the width of a vector register
        self.inputs = nn.Linear(width, 2 * hidden)
        self.output = nn.Linear(hidden, width)

    def forward(self, x: Tensor) -> Tensor:
        gate, value = self.inputs(x).chunk(2, dim=-1)
        return self.output(by_row(silu, gate) * value)  # type: ignore[no-any-return]


class Block(nn.Module):
    """x + attention(norm(x)), then x + dense(norm(x)).

    `gelu` is GPT-2's dense part, `swiglu` a gated one. `ligr` also gates what each part adds by sigmoid(W x), as
    LinkedIn's LiGR (Borisyuk et al. 2025) and eSASRec do.
    """

    def __init__(self, config: TransformerConfig, generator: torch.Generator, causal: bool) -> None:
        super().__init__()
        width, hidden = config.width, config.width * config.expansion
        gated = config.block == "ligr"
        self.attention_norm = nn.LayerNorm(width)
        self.attention = ATTENTION[config.attention](config, causal)
        self.attention_gate = nn.Linear(width, width) if gated else None
        self.dense: nn.Module | None = None
        if hidden:
            self.dense_norm = nn.LayerNorm(width)
            if config.block == "gelu":
                self.dense = nn.Sequential(nn.Linear(width, hidden), nn.GELU(), nn.Linear(hidden, width))
            else:
                self.dense = SwiGLU(width, config.expansion)
            self.dense_gate = nn.Linear(width, width) if gated else None
        self.dropout = SeededDropout(config.dropout, generator)

    def forward(self, x: Tensor, between: Pairs | None, position: Tensor | None = None) -> Tensor:
        """[B, S, d] -> [B, S, d]; with `position`, int64 [B], at that position of each row alone -> [B, 1, d]."""
        assert between is not None
        added = self.attention(self.attention_norm(x), between, position)
        if position is not None:
            x = pick(x, position)
        x = self._add(x, added, self.attention_gate)
        return x if self.dense is None else self._add(x, self.dense(self.dense_norm(x)), self.dense_gate)

    def _add(self, x: Tensor, part: Tensor, gate: nn.Module | None) -> Tensor:
        part = self.dropout(part)
        return x + (part if gate is None else by_row(torch.sigmoid, gate(x)) * part)
