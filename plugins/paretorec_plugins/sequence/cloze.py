"""Hidden items, told from all others on both sides (Sun et al. 2019, BERT4Rec; the task is Taylor's, 1953).

`START` stands where an item is hidden: both mean a place whose item is to be told.
"""

from __future__ import annotations

import numpy as np

from paretorec.contracts import Array, Histories
from paretorec_plugins.sequence.inputs import START
from paretorec_plugins.sequence.windows import ITEMS_ALONE, Lesson, Reading, Window, target_weights, window


def cloze_window(
    histories: Histories, index: Array, length: int, width: int | None = None, reading: Reading = ITEMS_ALONE
) -> Window:
    """The newest `length` items of each history and a hidden one behind them, which happens when it is asked for.

    Arguments as for `window`.
    """
    seen = window(histories, index, length, width, reading)
    return Window(
        _forward(seen.tokens, START),
        seen.last,
        times=seen.asked,
        asked=seen.asked,
        events=None if seen.events is None else _forward(seen.events, 0),
        lengths=seen.last + 1,
    )


def cloze_lesson(
    histories: Histories,
    index: Array,
    length: int,
    share: float,
    rng: np.random.Generator,
    reading: Reading = ITEMS_ALONE,
) -> Lesson:
    """Of the newest `length` + 1 items of each history each is hidden with probability `share`; where none is, the
    newest. Histories must not be empty."""
    seen = cloze_window(histories, index, length + 1, reading=reading)
    size = seen.last
    column = np.arange(int(size.max()))
    real = column < size[:, None]
    hidden = (rng.random(real.shape) < share) & real
    none = np.flatnonzero(~hidden.any(axis=1))
    hidden[none, size[none] - 1] = True
    tokens, times, asked, events = (
        None if part is None else part[:, : len(column)] for part in (seen.tokens, seen.times, seen.asked, seen.events)
    )
    assert tokens is not None
    learnt, weight = hidden, None
    if reading.weights:
        position = np.where(real, (histories.end - size)[:, None] + column, 0)
        each = target_weights(histories, position, reading.weights)
        learnt = hidden & (each > 0)
        weight = each[learnt]
    query = np.flatnonzero(learnt)
    return Lesson(
        np.where(hidden, START, tokens),
        query,
        np.arange(len(query)),
        tokens[learnt] - 1,
        times=times,
        asked=asked,
        events=None if events is None else np.where(hidden, 0, events),
        lengths=size,
        weight=weight,
    )


def _forward(values: Array, last: int) -> Array:
    """[B, S]: the first column away, `last` at the end."""
    return np.concatenate([values[:, 1:], np.full_like(values[:, :1], last)], axis=1)
