"""What a token is made of: an item's own vector, what its features say, which events happened on it, and when."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import embedding_bag

from paretorec.contracts import DAY
from paretorec_plugins.sequence.config import SequenceConfig
from paretorec_plugins.sequence.features import Described
from paretorec_plugins.sequence.inputs import START, Inputs
from paretorec_plugins.sequence.positions import GAPS, gap_buckets

HOURS, DAYS = 24, 7
HOUR = DAY // HOURS
THURSDAY = 3
"""The day with which 1970 began, from Monday on."""


class TokenTable(nn.Embedding):
    """Vectors by token: of `START`, and of each item the sum of one of its own and of what its features say.

    While training, a share `id_dropout` of the items has the mean of all own vectors in place of its own, others in
    every step, so that the features learn to stand alone (DropoutNet, Volkovs et al. 2017). An item never seen has
    that mean too. The vectors that histories are read with are those that the answer is compared with.
    """

    def __init__(
        self, items: int, config: SequenceConfig, generator: torch.Generator, features: Described | None
    ) -> None:
        """features: of these items; None: own vectors alone."""
        super().__init__(START + 1 + (items if config.use_ids else 0), config.width)
        self._dropped = config.id_dropout
        self._generator = generator
        self.features = None if features is None else FeatureVectors(features, config.width)
        self._items = features

    def table(self) -> Tensor:
        """[1 + N, d], N items learned from. O(N F d) with F numbers about each; without features O(1)."""
        if self.features is None or self._items is None:
            return self.weight
        if self._items.dense.device != self.weight.device:
            self._items = self._items.to(self.weight.device)
        start, own = self.weight[: START + 1], self.weight[START + 1 :]
        said = self.features(self._items)
        if len(own):
            if self.training and self._dropped:
                chances = torch.rand(len(own), 1, generator=self._generator, device=own.device)
                own = torch.where(chances < self._dropped, own.mean(0), own)
            said = own + said
        return torch.cat([start, said])

    def never_seen(self, items: Described) -> Tensor:
        """[M, d]: any items, by their features alone."""
        assert self.features is not None
        own = self.weight[START + 1 :]
        said: Tensor = self.features(items.to(self.weight.device))
        return said + own.mean(0) if len(own) else said


class FeatureTable(nn.Embedding):
    """A vector for each name of a category, or for each dimension of what is dense.

    First ones have a length of about 1, so that items alike by their features answer to each other before anything is
    learned: scaled for the first block they are as loud as what a random block adds, which drowns the short first
    vectors of IDs.
    """

    @torch.no_grad()
    def project(self, dense: Tensor) -> None:
        """Turn random first vectors into a projection on the principal components of `dense` (float32 [M, F]), turned
        at random and as loud: products of the items' vectors are those of their features, as near as `width` numbers
        can tell them (Eckart and Young 1936). Random ones are off by one over the root of `width`."""
        rows = dense.double().cpu()
        share, components = torch.linalg.eigh(rows.T @ rows)
        width = min(self.weight.shape)
        if share[-width:].sum() > 0:
            turn = torch.linalg.qr(self.weight[:width].double().cpu().T).Q.T
            loud = (share.sum() / share[-width:].sum()).sqrt()
            self.weight.copy_(loud * components[:, -width:] @ turn)


class FeatureVectors(nn.Module):
    """Sum of what each column says: of a category the mean vector of its names, of numbers and given vectors a linear
    map. A category that is not known counts as the average item learned from, as numbers do by being centred."""

    def __init__(self, features: Described, width: int) -> None:
        """features: any items; only the sizes count."""
        super().__init__()
        self.names = nn.ModuleList(FeatureTable(len(column.share), width) for column in features.named)
        size = features.dense.shape[1]
        self.dense = FeatureTable(size, width) if size else None

    def forward(self, items: Described) -> Tensor:
        """[M, d]."""
        said = [] if self.dense is None else [items.dense @ self.dense.weight]
        for names, column in zip(self.names, items.named, strict=True):
            assert isinstance(names, nn.Embedding)
            average = column.share @ names.weight
            values = embedding_bag(column.parts, torch.cat([names.weight, average[None]]), column.first, mode="mean")
            said.append(values.index_select(0, column.value))
        return sum(said[1:], said[0])


class EventVectors(nn.Embedding):
    """Sum of a vector for each event that happened."""

    def forward(self, events: Tensor) -> Tensor:
        """int64 [B, S], by bits -> [B, S, d]."""
        happened = events[..., None] >> torch.arange(self.num_embeddings, device=events.device) & 1
        return happened.to(self.weight.dtype) @ self.weight


class PreferenceVectors(nn.Embedding):
    """Sum of a vector for each event by what it counts, the same at every token of a row and scaled as tokens are."""

    def forward(self, preference: Tensor) -> Tensor:
        """float32 [B, E] -> [B, 1, d]."""
        return ((preference.to(self.weight.dtype) @ self.weight) * math.sqrt(self.embedding_dim))[:, None]


class TimeVectors(nn.Module):
    """Sum of vectors for hour and weekday of a token, for those of the moment that it predicts for, and for the time
    from the one to the other."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.hours = nn.Embedding(2 * HOURS, width)
        self.days = nn.Embedding(2 * DAYS, width)
        self.gaps = nn.Embedding(GAPS, width)

    def forward(self, inputs: Inputs) -> Tensor:
        """[B, S, d]."""
        if inputs.times is None or inputs.asked is None:
            raise ValueError("time_features needs Inputs.times and Inputs.asked")
        hours, days = self.hours.weight.view(2, 1, HOURS, -1), self.days.weight.view(2, DAYS, 1, -1)
        week = (hours + days).flatten(1, 2)  # [2, hours of a week, d]
        out = _look_up(week[0], hour_of_week(inputs.times))
        out = out + _look_up(week[1], hour_of_week(inputs.asked))
        return out + _look_up(self.gaps.weight, gap_buckets((inputs.asked - inputs.times).clamp_(min=0)))


def hour_of_week(milliseconds: Tensor) -> Tensor:
    """int64 since 1970 -> int64 in [0, 168), from Monday's first hour on."""
    return (milliseconds.div(HOUR, rounding_mode="floor") + THURSDAY * HOURS) % (DAYS * HOURS)


def _look_up(table: Tensor, index: Tensor) -> Tensor:
    """[n, d], [B, S] -> [B, S, d]."""
    return table.index_select(0, index.flatten()).view(*index.shape, -1)
