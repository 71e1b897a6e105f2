"""Where tokens stand and when they happened, as attention sees it: pair by pair."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from paretorec_plugins.sequence.families import TransformerConfig
from paretorec_plugins.sequence.inputs import Inputs

NEAR = 16
"""Distances below it have a bucket each."""
DISTANCES = 48
"""Buckets of distances: up to 4,096 tokens are told apart, longer ones share the last bucket."""
GAPS = 64
"""Buckets of times: two an octave of seconds, up to a century."""
HIDDEN = -1e9
"""Score of a pair that does not see each other: no share of a softmax, and, being finite, nothing after a silu."""
BASE = 10_000.0
"""Slowest rotation, in tokens a radian (Su et al. 2021)."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """What all blocks need to know of Q asking and S seen positions; B' is B, or 1 where all rows are alike."""

    visible: Tensor
    """bool [B', 1, Q, S]: whether the one sees the other."""
    triangular: bool
    """`visible` is the plain lower triangle, which attention kernels know by themselves."""
    distance: Tensor | None = None
    """int [B', Q, S]: bucket of the number of tokens between; one more for pairs that do not see each other."""
    gap: Tensor | None = None
    """int [B, Q, S]: bucket of the time between; the same."""
    asking: Rotation | None = None
    """Of the asking positions."""
    seen: Rotation | None = None
    """Of the seen positions."""


@dataclass(frozen=True, slots=True)
class Rotation:
    """Rotary embedding (Su et al. 2021): elements i and i + D / 2 of a head are turned by position x BASE^(-2 i / D),
    so that the product of two turned vectors depends on the distance of their positions alone."""

    cos: Tensor
    """[B', 1, P, D / 2]."""
    sin: Tensor

    def __call__(self, x: Tensor) -> Tensor:
        """[B, heads, P, D] -> the same, turned."""
        first, second = x.chunk(2, dim=-1)
        return torch.cat((first * self.cos - second * self.sin, second * self.cos + first * self.sin), dim=-1)


def rotation(positions: Tensor, size: int) -> Rotation:
    """positions: int64 [B', P].  size: D, length of a head."""
    speed = BASE ** (-torch.arange(0, size, 2, device=positions.device) / size)
    angle = positions[:, None, :, None] * speed
    return Rotation(angle.cos(), angle.sin())


def distance_buckets(distance: Tensor) -> Tensor:
    """int64 >= 0, any shape -> int64: below `NEAR` each its own, then four an octave (as Raffel et al. 2020).

    Looked up, since formats that networks are exported to know no reading of a number's bits.
    """
    return _BUCKET.to(distance.device)[distance.clamp(max=len(_BUCKET) - 1)]


def gap_buckets(milliseconds: Tensor) -> Tensor:
    """int64 >= 0, any shape -> int32: two an octave of (seconds + 1)."""
    return _octaves(milliseconds.float().mul_(1e-3).add_(1), 1).clamp_(max=GAPS - 1)


def _octaves(x: Tensor, bits: int) -> Tensor:
    """float32 >= 1 -> int32: buckets from 0 on, 2^bits to an octave, each octave in equal parts.

    Read from exponent and fraction: exact at the borders, where a vectorised logarithm may round either way, so that
    a row's bucket cannot depend on its neighbours in memory; and three times as fast.
    """
    return (x.view(torch.int32) >> (23 - bits)).sub_(127 << bits)


_DISTANCE = torch.arange(NEAR << (DISTANCES - NEAR) // 4)  # all but those of the last bucket
_BUCKET = torch.where(_DISTANCE < NEAR, _DISTANCE, NEAR + _octaves(_DISTANCE / NEAR, 2)).clamp(max=DISTANCES - 1)


def pairs(inputs: Inputs, config: TransformerConfig, causal: bool, position: Tensor | None = None) -> Pairs:
    """What `config` needs of all positions, or of one asking position of each row (int64 [B]) and all seen ones."""
    tokens = inputs.tokens
    seen = torch.arange(tokens.shape[1], device=tokens.device)
    asking = seen[None] if position is None else position[:, None]  # [B', Q]
    ahead = seen - asking[:, :, None]  # [B', Q, S]
    triangular = causal and position is None
    if causal:
        visible = ahead <= 0
    elif inputs.lengths is None:
        visible = torch.ones_like(ahead, dtype=torch.bool)
    else:
        visible = (seen < inputs.lengths[:, None])[:, None].expand(-1, asking.shape[1], -1)
    distance = gap = turn_asking = turn_seen = None
    if config.positions == "relative":
        distance = _sides(distance_buckets(ahead.abs()), DISTANCES, ahead > 0, visible, causal)
    elif config.positions == "rotary":
        size = config.width // config.heads
        turn_asking, turn_seen = rotation(asking, size), rotation(seen[None], size)
    if config.time_bias:
        if inputs.times is None or inputs.asked is None:
            raise ValueError("time_bias needs Inputs.times and Inputs.asked")
        moment = inputs.asked if position is None else inputs.asked.gather(1, position[:, None])
        elapsed = moment[:, :, None] - inputs.times[:, None]
        gap = _sides(gap_buckets(elapsed.clamp(min=0) if causal else elapsed.abs()), GAPS, elapsed < 0, visible, causal)
    return Pairs(visible[:, None], triangular, distance, gap, turn_asking, turn_seen)


def _sides(bucket: Tensor, count: int, after: Tensor, visible: Tensor, causal: bool) -> Tensor:
    """Buckets of what comes after apart, where it can be seen at all, and the last one for what cannot."""
    if causal:
        return bucket.where(visible, count)
    return (bucket + count * after).where(visible, 2 * count)


class PairBias(nn.Module):
    """What each head adds to the score of a pair: a number by distance (Raffel et al. 2020), one by the time between
    (Zhai et al. 2024), both learned by bucket; in a network that looks ahead, before and after apart."""

    def __init__(self, config: TransformerConfig, causal: bool) -> None:
        super().__init__()
        sides = 1 if causal else 2
        relative = config.positions == "relative"
        self.distance = nn.Embedding(DISTANCES * sides, config.heads) if relative else None
        self.gap = nn.Embedding(GAPS * sides, config.heads) if config.time_bias else None

    def forward(self, between: Pairs) -> Tensor | None:
        """[B', heads, Q, S], at most `HIDDEN` for a pair that does not see each other; None: nothing to add."""
        parts = [
            _look_up(table.weight, bucket)
            for table, bucket in ((self.distance, between.distance), (self.gap, between.gap))
            if table is not None and bucket is not None
        ]
        return sum(parts[1:], parts[0]) if parts else None


def _look_up(table: Tensor, bucket: Tensor) -> Tensor:
    """[buckets, heads], [B', Q, S] -> [B', heads, Q, S]. Head by head: where many indices meet few rows, the gradient
    of `index_select` from a vector takes a twentieth of that of an embedding or from a matrix."""
    flat, hidden = bucket.flatten(), table.new_full((1,), HIDDEN)
    heads = [torch.cat((column, hidden)).index_select(0, flat) for column in table.unbind(1)]
    return torch.stack(heads).view(-1, *bucket.shape).transpose(0, 1)
