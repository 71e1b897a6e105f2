"""All items of a catalogue as a network knows them: some learned from, some by their features, some not at all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from paretorec.contracts import Array, ItemTable
from paretorec_plugins.sequence.features import Described, ItemFeatures
from paretorec_plugins.sequence.inputs import START
from paretorec_plugins.sequence.network import Network


@dataclass(frozen=True, slots=True)
class Catalogue:
    """N items, K of them learned from."""

    size: int
    """N."""
    known: Array
    """int64 [K] ascending: codes of the items that the network learns from."""
    index: Array
    """int64 [N + 1]: item code -> row among those; K: none, also for all codes from N on."""
    features: ItemFeatures | None
    described: Described | None
    """Of all N items."""

    @classmethod
    def of(cls, known: Array, items: ItemTable, features: ItemFeatures | None) -> Catalogue:
        """known: codes in `items`, ascending."""
        index = np.full(len(items) + 1, len(known), np.int64)
        index[known] = np.arange(len(known))
        described = None if features is None else features.describe(items)
        return cls(len(items), known.astype(np.int64), index, features, described)

    @property
    def learned(self) -> Described | None:
        """Of the items learned from, in the order of the network's table."""
        return None if self.described is None else self.described.take(self.known)

    @torch.no_grad()
    def vectors(self, model: Network) -> Tensor:
        """float32 [N + 2, d] on the CPU, by token: `START`, all items, and what stands for any other item.

        That is the mean of the items learned from. An item never seen has it too, unless something is known of it:
        then the vector that the network would give to it by its features. `model` must be in eval mode.
        """
        table = model.table().cpu()
        mean = table[START + 1 :].mean(0, keepdim=True)
        items = mean.repeat(self.size, 1)
        items[self.known] = table[START + 1 :]
        if self.described is not None:
            rest = np.ones(self.size, bool)
            rest[self.known] = False
            _fill(model, self.described, np.flatnonzero(rest), items)
        return torch.cat([table[: START + 1], items, mean])

    @torch.no_grad()
    def with_new(self, vectors: Tensor, model: Network, items: ItemTable) -> Tensor:
        """float32 [M, d] of `items`, which are the N items or those and new ones; vectors: as `vectors` gives them."""
        first = vectors[START + 1 : START + 1 + min(self.size, len(items))]
        out = torch.cat([first, vectors[-1:].repeat(len(items) - len(first), 1)])
        if len(items) > self.size and self.features is not None:
            _fill(model, self.features.describe(items), np.arange(self.size, len(items)), out)
        return out


def _fill(model: Network, described: Described, rows: Array, vectors: Tensor) -> None:
    """By their features the vectors at `rows`, where something is known."""
    rows = rows[described.known.numpy()[rows]]
    if len(rows):
        vectors[torch.from_numpy(rows)] = model.tokens.never_seen(described.take(rows)).cpu()
