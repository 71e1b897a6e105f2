"""Going on from the weights of an earlier fit, whose items had other codes and were fewer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

from paretorec.contracts import Array, ItemTable, State
from paretorec.errors import ArtifactError
from paretorec.training import differing_weights
from paretorec_plugins.sequence.inputs import START
from paretorec_plugins.sequence.network import Network

TOKENS = "tokens.weight"
EVENTS = "events.weight"
COLUMNS, NAMES = "features/categories", "tokens.features.names.{}.weight"
"""Where a state tells of the category columns and their names, and has the names' vectors of the column numbered so."""


@dataclass(frozen=True, slots=True)
class Before:
    """What was learned before."""

    state: State
    ids: Array
    """object [K]: ids of the items learned from, ascending by code."""

    @classmethod
    def of(cls, state: State, items: ItemTable) -> Self:
        """items: the table that the state was fitted with."""
        return cls(state, items.ids[np.asarray(state.arrays["known"], np.int64)])

    @torch.no_grad()
    def give(self, model: Network, ids: Array, meta: Mapping[str, Any]) -> None:
        """`model` begins with these weights. What has a vector of its own and is new, an item or a category's name,
        begins with the mean of the others.

        ids: object [N], of the model's items.  meta: of the model's state.  Raises `ArtifactError` where the tensors
        are not those of `model`, or tell of other events.
        """
        name = model.config.encoder
        if EVENTS in model.state_dict() and self.state.meta["event_names"] != meta["event_names"]:
            raise ArtifactError(
                f"encoder {name} was fitted with the events {', '.join(self.state.meta['event_names'])}, the data now "
                f"has {', '.join(meta['event_names'])}; learn anew"
            )
        wanted = model.state_dict()
        common = self.state.arrays.keys() & wanted
        saved = {name: torch.from_numpy(np.array(self.state.arrays[name])) for name in common}
        if TOKENS in saved:
            start, items = saved[TOKENS][: START + 1], saved[TOKENS][START + 1 :]
            if len(items):
                saved[TOKENS] = torch.cat([start, _moved(items, self.ids, ids)])
        columns = zip(self.state.meta.get(COLUMNS, ()), meta.get(COLUMNS, ()), strict=True)
        for number, (before, now) in enumerate(columns):
            table = NAMES.format(number)
            saved[table] = _moved(saved[table], before["names"], now["names"])
        differing = differing_weights(saved, wanted)
        if differing:
            raise ArtifactError(
                f"encoder {name} cannot go on from these weights, which are of another shape ({differing}); learn anew"
            )
        model.load_state_dict(saved)


def _moved(table: Tensor, before: Sequence[str] | Array, now: Sequence[str] | Array) -> Tensor:
    """The rows of `before` in the order of `now`; their mean for what is new."""
    row = {name: number for number, name in enumerate(before)}
    rows = torch.tensor([row.get(name, len(table)) for name in now], dtype=torch.int64)
    return torch.cat([table, table.mean(0, keepdim=True)])[rows]
