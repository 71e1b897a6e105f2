"""Going on from the weights of an earlier fit, whose items had other codes and were fewer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from paretorec.contracts import Array, State
from paretorec.errors import ArtifactError
from paretorec.training import differing_weights
from paretorec_plugins.transformer.inputs import START
from paretorec_plugins.transformer.model import Transformer

TOKENS = "tokens.weight"
"""The one tensor that has a row for each item."""


@dataclass(frozen=True, slots=True)
class Before:
    """What was learned before."""

    state: State
    ids: Array
    """object [K]: ids of the items with a vector, in the order of the vectors."""

    @torch.no_grad()
    def give(self, model: Transformer, ids: Array) -> None:
        """`model` begins with these weights; an item that is new among `ids` with the mean of all item vectors.

        ids: object [N], of the model's items.  Raises `ArtifactError` where the tensors are not those of `model`.
        """
        wanted = model.state_dict()
        saved = {
            name: torch.from_numpy(np.array(self.state.arrays[name])) for name in self.state.arrays if name in wanted
        }
        if TOKENS in saved and len(saved[TOKENS]) == START + 1 + len(self.ids):
            saved[TOKENS] = self._moved(saved[TOKENS], ids)
        differing = differing_weights(saved, wanted)
        if differing:
            raise ArtifactError(f"encoder transformer cannot go on from these weights: {differing}; learn anew")
        model.load_state_dict(saved)

    def _moved(self, tokens: Tensor, ids: Array) -> Tensor:
        start, items = tokens[: START + 1], tokens[START + 1 :]
        row = {name: number for number, name in enumerate(self.ids.tolist())}
        rows = torch.tensor([row.get(name, len(items)) for name in ids.tolist()])
        return torch.cat([start, torch.cat([items, items.mean(0, keepdim=True)])[rows]])
