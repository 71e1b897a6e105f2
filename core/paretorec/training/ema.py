"""The exponential moving average of a model's weights."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn


class AveragedWeights:
    """Weights of t steps ago count 2 ** (-t / half-life); the first weights of all do not count more than others.

    Polyak and Juditsky 1992 for the idea; the weights are those of a bias-corrected moving average (Kingma and Ba
    2015): after every step ``mean += (weights - mean) / total`` with ``total = 1 + decay x total``.
    """

    def __init__(self, model: nn.Module) -> None:
        self._live = model.state_dict()  # shares memory with the model
        self.mean: dict[str, Tensor] = {name: value.detach().clone() for name, value in self._live.items()}
        self.total = 0.0
        """Sum of the weights' weights."""
        self._real = [name for name, value in self._live.items() if value.is_floating_point()]

    @torch.no_grad()
    def update(self, half_life: float) -> None:
        """After a step. half_life: in steps."""
        self.total = 1 + 2 ** (-1 / half_life) * self.total
        mean, live = [self.mean[name] for name in self._real], [self._live[name] for name in self._real]
        torch._foreach_lerp_(mean, live, 1 / self.total)
        for name in self._live.keys() - set(self._real):
            self.mean[name].copy_(self._live[name])

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Within the block the model has the averaged weights."""
        kept = {name: value.detach().clone() for name, value in self._live.items()}
        self._write(self.mean)
        try:
            yield
        finally:
            self._write(kept)

    @torch.no_grad()
    def restore(self, mean: dict[str, Tensor], total: float) -> None:
        """Go on from a checkpoint."""
        for name, value in self.mean.items():
            value.copy_(mean[name])
        self.total = total

    @torch.no_grad()
    def _write(self, values: dict[str, Tensor]) -> None:
        for name, value in self._live.items():
            value.copy_(values[name])
