"""Metrics of what listed targets brought: money, purchases per click, the share watched. All are replay figures."""

from __future__ import annotations

import numpy as np
from pydantic import ConfigDict, Field

from paretorec.contracts import Array, ComponentConfig, Gain, Ratio, Truth
from paretorec.errors import ConfigError
from paretorec_plugins.metrics.events import Metric, amount_event, hits


class RevenueConfig(ComponentConfig):
    """Which amount is summed."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"event": "sales"}]})

    event: str = Field(default="", description="Event whose labels are summed; empty: the only amount event.")


class Revenue(Metric[RevenueConfig]):
    """``sum of the event's labels over the listed targets``, mean over lists: sales, quantity, seconds, minutes.

    Revenue@k of price-aware evaluation (Zheng et al. 2020; Jannach & Adomavicius, *Price and Profit Awareness in
    Recommender Systems*, 2017), on logged amounts. Labels not observed count as 0; no denominator, so the unit is
    the event's own, a list.
    """

    unit = "a list"

    def metric(self, truth: Truth, k: int) -> Gain:
        event = amount_event(truth, self.config.event, "revenue")
        return Gain(target=truth.label(event).astype(np.float64))


class ConversionConfig(ComponentConfig):
    """Which event is counted, per which other."""

    event: str = Field(default="purchase", description="Event that is counted, such as a purchase.")
    per: str = Field(default="click", description="Event that it is counted against, such as a click.")


class Conversion(Metric[ConversionConfig]):
    """``(listed targets with `event`) / (listed targets with `per`)``, sums over all lists.

    The ratio of sums, not the mean of each list's ratio: lists without a click would have none. Only targets with
    `per` are counted above the line too, so that the value is a share (purchases without a click are left out).
    """

    def metric(self, truth: Truth, k: int) -> Ratio:
        per = hits(truth, self.config.per)
        return Ratio(Gain(target=hits(truth, self.config.event) * per), Gain(target=per))


class CompletionConfig(ComponentConfig):
    """What was watched or read, of how much."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"event": "dwell", "duration": "duration"}]})

    event: str = Field(
        default="", description="Event with the amount watched, or with the share; empty: the only amount event."
    )
    duration: str = Field(
        default="duration",
        description="Event or numeric item column with the full length, in the same unit; empty: the event is a share.",
    )


class Completion(Metric[CompletionConfig]):
    """``sum of min(watched, duration) / sum of duration`` over the listed targets whose event was observed.

    With ``duration = ""`` the event is already a share, and the value is its mean over those targets. Watching
    again counts once (the cap); targets of no known length (0 or missing) are left out.
    """

    def metric(self, truth: Truth, k: int) -> Ratio:
        event = amount_event(truth, self.config.event, "completion")
        watched = truth.label(event).astype(np.float64)
        observed = ~np.isnan(truth.requests.target_labels[event])
        length = np.where(observed, np.maximum(np.nan_to_num(self._length(truth)), 0), 0)
        return Ratio(Gain(target=np.minimum(watched, length)), Gain(target=length))

    def _length(self, truth: Truth) -> Array:
        name = self.config.duration
        if not name:
            return np.ones(len(truth.requests.target_items))
        if name in truth.requests.target_labels:
            return truth.label(name).astype(np.float64)
        if name in truth.items.numbers:
            return truth.items.numbers[name].astype(np.float64)[truth.requests.target_items]
        have = ", ".join([*truth.requests.target_labels, *truth.items.numbers])
        raise ConfigError(
            f"completion's duration {name!r} is neither an event nor a numeric item column (there are {have}); "
            "name one, or set duration to '' if the event is a share already"
        )
