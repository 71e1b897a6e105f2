"""Histories as token windows: what goes into the network and which position predicts what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch

from paretorec.contracts import Array, Histories
from paretorec.training.devices import to_device
from paretorec_plugins.sequence.inputs import START, Inputs


@dataclass(frozen=True, slots=True)
class Reading:
    """What is read of histories beside their items."""

    times: bool = False
    """Whether `Sequences` have times and moments asked for."""
    events: tuple[str, ...] = ()
    """Labels that tokens tell of, by bit; none: tokens tell of none."""
    weights: Mapping[str, float] = field(default_factory=dict)
    """Label -> weight of a target on which it is above 0; the largest counts, and a target without any is none. Empty:
    every item is a target of weight 1."""

    preferences: tuple[str, ...] = ()
    """Labels whose weights are each row's own, and told; in place of `weights`."""
    preference: tuple[float, ...] = ()
    """Their weights where nothing is learned."""


ITEMS_ALONE = Reading()


@dataclass(frozen=True, slots=True)
class Sequences:
    """Arrays of what `Inputs` holds as tensors, int64 [B, S] but for `lengths`; None: not asked for."""

    tokens: Array
    """`START`, the items as tokens, padding (any token)."""
    times: Array | None = field(default=None, kw_only=True)
    asked: Array | None = field(default=None, kw_only=True)
    events: Array | None = field(default=None, kw_only=True)
    preference: Array | None = field(default=None, kw_only=True)
    """float32 [B, E]."""
    lengths: Array | None = field(default=None, kw_only=True)
    """int64 [B]."""

    def inputs(self, device: torch.device | str) -> Inputs:
        """The same on a device."""
        parts = (self.tokens, self.times, self.asked, self.events, self.preference, self.lengths)
        tokens, *others = (None if part is None else to_device(part, device) for part in parts)
        assert tokens is not None
        return Inputs(tokens, *others)


@dataclass(frozen=True, slots=True)
class Window(Sequences):
    """B histories to predict from, S = the longest + 1."""

    last: Array
    """int64 [B]: position of the newest item; 0: the history is empty."""


@dataclass(frozen=True, slots=True)
class Lesson(Sequences):
    """B histories to learn from."""

    query: Array
    """int64 [Q], ascending: positions in the flattened [B x S] that predict something."""
    row: Array
    """int64 [T], ascending: the query of each target."""
    target: Array
    """int64 [T]: index of the item that is to be predicted."""
    weight: Array | None = field(default=None, kw_only=True)
    """float32 [T], above 0; None: all count alike."""


def window(
    histories: Histories, index: Array, length: int, width: int | None = None, reading: Reading = ITEMS_ALONE
) -> Window:
    """The newest `length` items of each history behind `START`.

    index: int64 [N + 1], item code -> index of its vector; the last entry also stands for all codes from N on.
    width: S; default: as wide as needed.
    """
    size = np.minimum(histories.length, length)
    width = int(size.max(initial=0)) + 1 if width is None else width
    column = np.arange(width - 1)
    real = column < size[:, None]
    position = ((histories.end - size)[:, None] + column)[real]
    tokens = np.full((len(histories), width), START, np.int64)
    tokens[:, 1:][real] = index[np.minimum(histories.items[position], len(index) - 1)] + 1
    times = asked = events = None
    if reading.times:
        when = np.zeros(real.shape, np.int64)
        when[real] = histories.times[position]
        asked = np.pad(when, ((0, 0), (0, 1)))
        asked[np.arange(len(size)), size] = histories.now
        times = np.concatenate([asked[:, :1], when], axis=1)
    if reading.events:
        events = np.zeros(tokens.shape, np.int64)
        events[:, 1:][real] = _happened(histories, position, reading.events)
    preference = None
    if reading.preferences:
        preference = np.tile(np.array(reading.preference, np.float32), (len(histories), 1))
    return Window(tokens, size, times=times, asked=asked, events=events, preference=preference)


def lesson(
    histories: Histories,
    index: Array,
    length: int,
    basket_ms: float | None = None,
    reading: Reading = ITEMS_ALONE,
    preference: Array | None = None,
) -> Lesson:
    """Every one of the newest `length` + 1 items predicted from what stands before it.

    basket_ms: items at most that far from the one before are of its basket, and are predicted from what stands
    before the basket; None: every item for itself.  The first item (basket) is predicted from `START` alone, or,
    where older items were cut off, not at all. Histories must not be empty.
    preference: float32 [B, E], what `reading.preferences` count in each row.
    """
    size = np.minimum(histories.length, length + 1)
    column = np.arange(int(size.max()))
    real = column < size[:, None]
    position = np.where(real, (histories.end - size)[:, None] + column, 0)
    items = index[histories.items[position]]
    query = np.broadcast_to(column, items.shape)
    needed = reading.times or basket_ms is not None
    when = histories.times[position] if needed else np.zeros((0, 0), np.int64)
    if basket_ms is not None:
        first = np.ones(items.shape, bool)
        first[:, 1:] = np.diff(when, axis=1) > basket_ms
        query = np.maximum.accumulate(np.where(first, column, 0), axis=1)
    whole = (size == histories.length)[:, None]
    learnt = real & ((query > 0) | whole)
    weight = None
    if reading.weights or preference is not None:
        if preference is None:
            each = target_weights(histories, position, reading.weights)
        else:
            each = preferred_weights(histories, position, reading.preferences, preference)
        learnt &= each > 0
        weight = each[learnt]
    flat = (np.arange(len(items))[:, None] * items.shape[1] + query)[learnt]
    queries, row = np.unique(flat, return_inverse=True)
    return Lesson(
        _behind_start(items + 1, START),
        queries,
        row.astype(np.int64),
        items[learnt],
        times=_behind_start(when, when[:, 0]) if reading.times else None,
        asked=when if reading.times else None,
        events=_behind_start(_happened(histories, position, reading.events), 0) if reading.events else None,
        preference=preference,
        weight=weight,
    )


def _behind_start(values: Array, start: Array | int) -> Array:
    """[B, S]: `start` in front, the last column away."""
    out = np.empty(values.shape, np.int64)
    out[:, 0] = start
    out[:, 1:] = values[:, :-1]
    return out


def _happened(histories: Histories, position: Array, events: Sequence[str]) -> Array:
    """int64, shaped as `position`: bit k is set where event k is above 0; what is not observed is not."""
    out = np.zeros(position.shape, np.int64)
    for bit, name in enumerate(events):
        if name in histories.labels:
            out |= (histories.labels[name][position] > 0).astype(np.int64) << bit
    return out


def target_weights(histories: Histories, position: Array, weights: Mapping[str, float]) -> Array:
    """float32, shaped as `position`: `Reading.weights` of the events at these positions."""
    out = np.zeros(position.shape, np.float32)
    for name, weight in weights.items():
        np.maximum(out, np.where(histories.labels[name][position] > 0, np.float32(weight), 0), out=out)
    return out


def preferred_weights(histories: Histories, position: Array, events: Sequence[str], preference: Array) -> Array:
    """float32, as `position` [B, S]: sum over the events there of what they count in the row, so that a lesson's loss
    is the weighted sum of the events' losses.  preference: float32 [B, E]."""
    out = np.zeros(position.shape, np.float32)
    for number, name in enumerate(events):
        out += (histories.labels[name][position] > 0) * preference[:, [number]]
    return out
