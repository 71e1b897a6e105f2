"""What a `gru` is stacked from."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from paretorec.training import SeededDropout
from paretorec_plugins.sequence.families import GruConfig
from paretorec_plugins.sequence.positions import Pairs
from paretorec_plugins.sequence.rows import pick


class GruBlock(nn.Module):
    """x + W gru(norm(x)): gated recurrent units (Cho et al. 2014, with the reset gate
    behind the product, as torch has them) behind a norm and beside a way round them."""

    def __init__(self, config: GruConfig, generator: torch.Generator) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(config.width)
        self.units = nn.GRU(config.width, config.width, batch_first=True)
        self.output = nn.Linear(config.width, config.width)
        self.dropout = SeededDropout(config.dropout, generator)

    def forward(self, x: Tensor, between: Pairs | None, position: Tensor | None = None) -> Tensor:
        """[B, S, d] -> [B, S, d]; with `position`, int64 [B], at that position of each row alone -> [B, 1, d]."""
        state, _ = self.units(self.norm(x))
        if position is not None:
            x, state = pick(x, position), pick(state, position)
        return x + self.dropout(self.output(state))  # type: ignore[no-any-return]
