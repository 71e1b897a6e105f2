"""The network: one dense layer over everything, then more dense layers, then one output per head."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn


class Network(nn.Module):
    """Dense layers over the concatenation of pair, user and item features and the categories' learned vectors.

    The first layer is kept in three parts, so that what belongs to the user is multiplied once per request, not
    once per candidate; the sum is the layer over the concatenation.
    """

    def __init__(
        self,
        pair: int,
        user: int,
        item: int,
        categories: tuple[int, ...],
        category_width: int,
        hidden: tuple[int, ...],
        outputs: int,
    ) -> None:
        """categories: number of known values of each item category; one more stands for all others."""
        super().__init__()
        width = category_width if category_width else 0
        self.categories = nn.ModuleList(nn.Embedding(size + 1, width) for size in categories if width)
        self.pair = nn.Linear(pair, hidden[0])
        self.user = nn.Linear(user, hidden[0], bias=False)
        self.item = nn.Linear(item + width * len(categories), hidden[0], bias=False)
        layers: list[nn.Module] = [nn.SiLU()]
        for wide, narrow in pairwise(hidden):
            layers += [nn.Linear(wide, narrow), nn.SiLU()]
        self.rest = nn.Sequential(*layers, nn.Linear(hidden[-1], outputs))

    def forward(self, pair: Tensor, user: Tensor, item: Tensor, codes: Tensor) -> Tensor:
        """pair [B, C, Fp], user [B, Fu], item [B, C, Fi], codes int64 [B, C, K] -> [B, C, outputs]."""
        learned = [table(codes[..., column]) for column, table in enumerate(self.categories)]
        item = torch.cat([item, *learned], dim=-1)
        out: Tensor = self.rest(self.pair(pair) + self.user(user)[:, None] + self.item(item))
        return out


def initialise(network: Network, generator: torch.Generator) -> None:
    """Weights uniform in +-1/sqrt(inputs of the layer), as torch's own, but from `generator`; learned vectors small."""
    inputs = sum(part.in_features for part in (network.pair, network.user, network.item))
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if name.startswith("categories."):
                parameter.normal_(0, 0.05, generator=generator)
            elif parameter.ndim == 2:
                fan_in = parameter.shape[1] if name.startswith("rest.") else inputs
                parameter.uniform_(-(fan_in**-0.5), fan_in**-0.5, generator=generator)
            else:
                parameter.zero_()
