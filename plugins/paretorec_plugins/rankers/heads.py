"""What a ranker says of each candidate: for every event something to read, and something to weigh."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from paretorec.contracts import Array, Event

LARGEST_LOG_AMOUNT = 5.0
"""Expected amounts stay within e^5 of the mean amount: the exponential must not run away on odd inputs."""


def head_names(events: tuple[Event, ...], unit: Mapping[str, float]) -> tuple[str, ...]:
    """``EVENT`` and ``EVENT-logit``, or, for amounts, those with a `unit`, ``EVENT-log``."""
    return tuple(
        name
        for event in events
        for name in (event.name, f"{event.name}-log" if event.name in unit else f"{event.name}-logit")
    )


def heads(
    logits: Mapping[str, Array], log_means: Mapping[str, Array], unit: Mapping[str, float], mask: Array
) -> dict[str, Array]:
    """head -> float32 [B, C], 0 where `mask` (bool [B, C]) is not.

    logits: event -> float [B, C], calibrated log-odds of "positive".  log_means: amount event -> float [B, C], log of
    the mean positive amount in multiples of its `unit`. An expected amount is P(amount > 0) x E[amount | amount > 0].
    """
    found: dict[str, Array] = {}
    for name, logit in logits.items():
        probability = 1 / (1 + np.exp(-logit))
        if name in unit:
            log_mean = np.clip(log_means[name], -LARGEST_LOG_AMOUNT, LARGEST_LOG_AMOUNT)
            found[name] = probability * np.exp(log_mean) * np.float32(unit[name])
            log_unit = np.float32(np.log(unit[name]))
            found[f"{name}-log"] = log_mean + log_unit - np.logaddexp(np.float32(0), -logit)
        else:
            found[name] = probability
            found[f"{name}-logit"] = logit
    return {name: np.where(mask, values, 0).astype(np.float32) for name, values in found.items()}
