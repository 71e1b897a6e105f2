"""Dropout that draws from a generator of its own: no global state, safe beside other threads, repeatable."""

from __future__ import annotations

import torch
from torch import Tensor, nn

LEVELS = 256
"""A byte decides about an element: a random number for each costs four times as much, 5 % of a training step."""


class SeededDropout(nn.Module):
    """Zeroes elements with probability `rate`, scales the others by 1 / (1 - `rate`); identity in eval mode."""

    def __init__(self, rate: float, generator: torch.Generator) -> None:
        """rate: rounded to 1/256.  `generator` may be shared; its owner seeds it and decides the device."""
        super().__init__()
        self._dropped = round(rate * LEVELS)
        if not 0 <= self._dropped < LEVELS:
            raise ValueError(f"dropout rate {rate} is not in [0, 1)")
        self._generator = generator

    @property
    def rate(self) -> float:
        """The probability in use."""
        return self._dropped / LEVELS

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or not self._dropped:
            return x
        words = torch.empty(-(-x.numel() // 8), dtype=torch.int64, device=x.device)
        words.random_(-(2**63), None, generator=self._generator)
        kept = (words.view(torch.uint8)[: x.numel()] >= self._dropped).view(x.shape)
        return x * kept.to(x.dtype).mul_(1 / (1 - self.rate))
