"""What the network reads of a batch of histories."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

START = 0
"""Token before the first item: what a user without a history is represented by. Item i is token i + 1."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """B sequences of S tokens: `START`, the items, padding on the right. A column that no part of the network asks
    for is None."""

    tokens: Tensor
    """int64 [B, S]; padding is any token."""
    times: Tensor | None = None
    """int64 [B, S]: when each token happened, in ms since 1970; `START`: as the first item."""
    asked: Tensor | None = None
    """int64 [B, S]: the moment that each position predicts for, in ms since 1970: when the next item happened, or
    the request's `now` behind the newest one."""
    events: Tensor | None = None
    """int64 [B, S]: which events each token had, by bits."""
    preference: Tensor | None = None
    """float32 [B, E], or [1, E] for all rows: what events count, in all 1."""
    lengths: Tensor | None = None
    """int64 [B]: tokens that are no padding, `START` included; only attention that also looks ahead needs them."""
