"""What `paretorec.training.fit` trains: batches, loss, held-out score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from paretorec.contracts import Array
from paretorec_plugins.rankers.losses import amount_loss, listwise_loss, log_loss
from paretorec_plugins.rankers.network import Network

AMOUNT_WEIGHT = 0.5
"""Amounts share layers with probabilities: less weight orders amounts worse, more orders probabilities worse."""


@dataclass(frozen=True)
class Tensors:
    """Standardised examples. R requests, S sampled candidates, N items, E events."""

    pair: Tensor
    """[R, S, Fp]."""
    user: Tensor
    """[R, Fu]."""
    items: Tensor
    """int64 [R, S]."""
    item: Tensor
    """[N, Fi]."""
    codes: Tensor
    """int64 [N, K]."""
    weight: Tensor
    """[R, S]."""
    labels: Tensor
    """[R, S, E]: amounts in units of their mean; NaN = not observed."""

    def forward(self, network: Network, rows: Tensor) -> Tensor:
        """[len(rows), S, outputs]."""
        items = self.items[rows]
        out: Tensor = network(self.pair[rows], self.user[rows], self.item[items], self.codes[items])
        return out


@dataclass
class RankingTask:
    """Outputs of the network: E logits of "positive", then a log amount for each of `amounts` (event positions)."""

    model: Network
    data: Tensors
    train: Array
    held_out: Array
    amounts: tuple[int, ...]
    batch_requests: int
    listwise: float
    event_weights: tuple[float, ...]
    """E weights of the events' losses."""

    def batches(self, rng: np.random.Generator) -> Sequence[Tensor]:
        rows = torch.from_numpy(rng.permutation(self.train))
        return torch.split(rows, self.batch_requests)

    def loss(self, batch: Tensor) -> Tensor:
        """Per positive, so that events that are rare weigh as much as frequent ones."""
        out = self.data.forward(self.model, batch)
        total = out.new_zeros(())
        for event, event_weight in enumerate(self.event_weights):
            amount, label, weight = self._targets(event, batch)
            positives = (label * weight).sum().clamp(min=1)
            logit = out[..., event]
            loss = log_loss(logit, label, weight)
            if self.listwise:
                loss = loss + self.listwise * listwise_loss(logit, label, weight)
            if event in self.amounts:
                log_mean = out[..., self.data.labels.shape[-1] + self.amounts.index(event)]
                loss = loss + AMOUNT_WEIGHT * amount_loss(log_mean, amount, label * weight)
            total = total + event_weight * loss / positives
        return total

    def validate(self) -> float | None:
        """Minus the held-out log-loss per candidate, summed over the events."""
        if not len(self.held_out):
            return None
        loss, weights = 0.0, 0.0
        for rows in torch.split(torch.from_numpy(self.held_out), 256):
            out = self.data.forward(self.model, rows)
            for event in range(self.data.labels.shape[-1]):
                _, label, weight = self._targets(event, rows)
                loss += float(log_loss(out[..., event], label, weight))
            weights += float(self.data.weight[rows].sum())
        return -loss / max(weights, 1e-12)

    def _targets(self, event: int, rows: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """(amount, 1 where positive, weight), each [B, S]; what was not observed weighs nothing."""
        raw = self.data.labels[rows, :, event]
        amount = torch.nan_to_num(raw)
        return amount, (amount > 0).float(), self.data.weight[rows] * ~torch.isnan(raw)
