"""What the configuration wants to know of histories, checked against what the data has."""

from __future__ import annotations

import numpy as np

from paretorec.contracts import Array, FitData, Histories
from paretorec.errors import ConfigError, DataError
from paretorec_plugins.sequence.config import SequenceConfig
from paretorec_plugins.sequence.windows import Reading, target_weights

NO_TIMES = np.iinfo(np.int64).min
"""`ItemTable.first_seen` of every item where the log has no times, only an order."""
MINUTE = 60_000


def make_reading(config: SequenceConfig, events: tuple[str, ...]) -> Reading:
    """events: the data's, when the network was fitted."""
    return Reading(
        times=config.reads_times,
        events=events if config.events else (),
        weights=config.event_weights,
        preferences=config.preferences,
        preference=config.served_preference,
    )


def check_times(config: SequenceConfig, data: FitData, position: Array) -> None:
    """Raise `DataError` where times are wanted and the log has none, or one only. position: int64, fit events."""
    wanted = [field for field in ("time_features", "time_bias") if getattr(config, field, False)]
    if not wanted:
        return
    times = data.histories.times[position]
    if (data.items.first_seen == NO_TIMES).all():
        problem = "this log has only an order ([data] time is empty)"
    elif int(times.max()) - int(times.min()) < MINUTE:
        problem = "all events of the fit part are of the same minute"
    else:
        return
    raise DataError(f"encoder {config.encoder}: {wanted[0]} needs times, and {problem}; set params.{wanted[0]} = false")


def check_targets(config: SequenceConfig, data: FitData, position: Array) -> None:
    """Raise where `event_weights` or `preferences` name what the data lacks, or leave nothing to learn."""
    field = "preferences" if config.preferences else "event_weights"
    weights = dict.fromkeys(config.preferences, 1.0) or config.event_weights
    if not weights:
        return
    have = [event.name for event in data.events]
    for name in weights:
        if name not in have:
            raise ConfigError(
                f"encoder {config.encoder}: params.{field} names {name!r}, which is no event of the data "
                f"({', '.join(have)})"
            )
    if not (target_weights(data.histories, position, weights) > 0).any():
        named = ", ".join(name for name, weight in weights.items() if weight)
        raise DataError(
            f"encoder {config.encoder}: no event of the fit part's histories is a target by params.{field} ({named}); "
            "name another one, or make them history events in [data] history"
        )


def labels_read(reading: Reading, histories: Histories) -> list[Array]:
    """The label columns that count, for a fingerprint."""
    names = dict.fromkeys((*reading.events, *reading.weights, *reading.preferences))
    return [histories.labels[name] for name in names if name in histories.labels]
