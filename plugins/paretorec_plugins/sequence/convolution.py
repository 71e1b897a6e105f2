"""What a `cnn` is stacked from."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import pad, relu

from paretorec.training import SeededDropout
from paretorec_plugins.sequence.families import CnnConfig
from paretorec_plugins.sequence.positions import Pairs
from paretorec_plugins.sequence.rows import pick


class CausalConvolution(nn.Linear):
    """Each position from itself and the K - 1 that stand 1, 2, ... times `dilation` before it; nothing stands before
    the first. A matrix product over positions laid side by side takes as long as `nn.Conv1d`."""

    def __init__(self, width: int, kernel: int, dilation: int) -> None:
        super().__init__(kernel * width, width)
        self.kernel, self.dilation = kernel, dilation

    def forward(self, x: Tensor) -> Tensor:
        """[B, S, d] -> [B, S, d]."""
        before = (self.kernel - 1) * self.dilation
        padded, size = pad(x, (0, 0, before, 0)), x.shape[1]
        seen = [padded[:, start : start + size] for start in range(0, before + 1, self.dilation)]
        return super().forward(torch.cat(seen, dim=-1))


class ConvolutionBlock(nn.Module):
    """x + two causal convolutions, each before a norm and a ReLU, the second twice as dilated (NextItNet, Yuan et al.
    2019)."""

    def __init__(self, config: CnnConfig, generator: torch.Generator, dilation: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            CausalConvolution(config.width, config.kernel, dilation * times) for times in (1, 2)
        )
        self.norms = nn.ModuleList(nn.LayerNorm(config.width) for _ in self.layers)
        self.dropout = SeededDropout(config.dropout, generator)

    def forward(self, x: Tensor, between: Pairs | None, position: Tensor | None = None) -> Tensor:
        """[B, S, d] -> [B, S, d]; with `position`, int64 [B], at that position of each row alone -> [B, 1, d]."""
        added = x
        for layer, norm in zip(self.layers, self.norms, strict=True):
            added = relu(norm(layer(added)))
        x = x + self.dropout(added)
        return x if position is None else pick(x, position)
