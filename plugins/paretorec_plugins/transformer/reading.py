"""What the configuration wants to know of histories, checked against what the data has."""

from __future__ import annotations

import numpy as np

from paretorec.contracts import Array, FitData, Histories
from paretorec.errors import ConfigError, DataError
from paretorec_plugins.transformer.config import TransformerConfig
from paretorec_plugins.transformer.windows import Reading, target_weights

NO_TIMES = np.iinfo(np.int64).min
"""`ItemTable.first_seen` of every item where the log has no times, only an order."""
MINUTE = 60_000


def make_reading(config: TransformerConfig, events: tuple[str, ...]) -> Reading:
    """events: the data's, when the network was fitted."""
    return Reading(
        times=config.time_features or config.time_bias,
        events=events if config.events else (),
        weights=config.event_weights,
    )


def check_times(config: TransformerConfig, data: FitData, position: Array) -> None:
    """Raise `DataError` where times are wanted and the log has none, or one only. position: int64, fit events."""
    wanted = [field for field in ("time_features", "time_bias") if getattr(config, field)]
    if not wanted:
        return
    times = data.histories.times[position]
    if (data.items.first_seen == NO_TIMES).all():
        problem = "this log has only an order ([data] time is empty)"
    elif int(times.max()) - int(times.min()) < MINUTE:
        problem = "all events of the fit part are of the same minute"
    else:
        return
    raise DataError(f"encoder transformer: {wanted[0]} needs times, and {problem}; set params.{wanted[0]} = false")


def check_targets(config: TransformerConfig, data: FitData, position: Array) -> None:
    """Raise where `event_weights` names what the data lacks, or leaves nothing to learn."""
    if not config.event_weights:
        return
    have = [event.name for event in data.events]
    for name in config.event_weights:
        if name not in have:
            raise ConfigError(
                f"encoder transformer: params.event_weights names {name!r}, which is no event of the data "
                f"({', '.join(have)})"
            )
    if not (target_weights(data.histories, position, config.event_weights) > 0).any():
        named = ", ".join(name for name, weight in config.event_weights.items() if weight)
        raise DataError(
            f"encoder transformer: no event of the fit part's histories is a target by params.event_weights ({named}); "
            "name another one, or make them history events in [data] history"
        )


def labels_read(reading: Reading, histories: Histories) -> list[Array]:
    """The label columns that count, for a fingerprint."""
    names = dict.fromkeys((*reading.events, *reading.weights))
    return [histories.labels[name] for name in names if name in histories.labels]
