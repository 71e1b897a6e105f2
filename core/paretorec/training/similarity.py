"""How a query and a candidate become a logit."""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor, nn

SimilarityName = Literal["dot", "cosine"]


class Similarity(nn.Module):
    """Dot product or cosine, divided by a temperature that is given or learned.

    Losses take vectors whose dot products are the logits: `forward` makes them.
    """

    def __init__(self, name: SimilarityName, temperature: float, learned: bool = False) -> None:
        """temperature: above 0; learned: where to begin. A parameter is there only if it is learned."""
        super().__init__()
        self.name = name
        self.temperature = temperature
        self.log_temperature = nn.Parameter(torch.tensor(math.log(temperature))) if learned else None

    def vectors(self, x: Tensor) -> Tensor:
        """Vectors whose dot products rank as the logits do: as given, or (cosine) of length 1. [..., d]."""
        return x if self.name == "dot" else nn.functional.normalize(x, dim=-1)

    def forward(self, queries: Tensor, candidates: Tensor) -> tuple[Tensor, Tensor]:
        """[Q, d] and [M, d]; their dot products are the logits."""
        queries, candidates = self.vectors(queries), self.vectors(candidates)
        if self.log_temperature is not None:
            queries = queries * torch.exp(-self.log_temperature)
        elif self.temperature != 1:
            queries = queries / self.temperature
        return queries, candidates
