"""Metrics that count hits, wherever they stand in the list.

h = hits among the k slots, n = targets of the request that are hits for the event, all of them, also those outside
the candidates. Empty slots count as misses; a request with n = 0 counts as 0.
"""

from __future__ import annotations

import numpy as np
from pydantic import Field

from paretorec.contracts import Array, ComponentConfig, Gain, Truth
from paretorec.errors import ConfigError
from paretorec_plugins.metrics.events import EventMetricConfig, Metric, hits, slots


class Accuracy(Metric[EventMetricConfig]):
    """``h / min(k, n)``: of the slots that could be right, the share that is.

    With one target this is top-k accuracy (scikit-learn's ``top_k_accuracy_score``); with several, the truncated
    recall of Liang et al., *Variational Autoencoders for Collaborative Filtering*, WWW 2018: a perfect list scores
    1 whatever k and n. The share of right yes/no decisions over the whole catalogue is not meant: it is above .99
    for an empty list.
    """

    def metric(self, truth: Truth, k: int) -> Gain:
        hit = hits(truth, self.config.event)
        return Gain(target=hit, z=np.minimum(truth.per_request(hit), k))


class Precision(Metric[EventMetricConfig]):
    """``h / k`` (Herlocker et al., *Evaluating Collaborative Filtering Recommender Systems*, TOIS 2004).

    The denominator is k also for shorter lists, as in trec_eval's P_k.
    """

    def metric(self, truth: Truth, k: int) -> Gain:
        return Gain(target=hits(truth, self.config.event), z=slots(truth, k))


class Recall(Metric[EventMetricConfig]):
    """``h / n`` (Herlocker et al., TOIS 2004; trec_eval's recall_k). Below 1 for every list when n > k."""

    def metric(self, truth: Truth, k: int) -> Gain:
        hit = hits(truth, self.config.event)
        return Gain(target=hit, z=truth.per_request(hit))


class F1(Metric[EventMetricConfig]):
    """``2 P R / (P + R) = 2 h / (k + n)``, a list at a time, then the mean (van Rijsbergen 1979).

    Not the harmonic mean of the two mean values, which is another number.
    """

    def metric(self, truth: Truth, k: int) -> Gain:
        hit = hits(truth, self.config.event)
        return Gain(target=hit, z=(k + truth.per_request(hit)) / 2)


def _any_hit(gains: Array, _: Array) -> Array:
    return np.asarray((gains > 0).any(axis=-1), np.float64)


class HitRate(Metric[EventMetricConfig]):
    """1 if h > 0, else 0 (HR@k of Deshpande & Karypis, *Item-Based Top-N Recommendation Algorithms*, TOIS 2004)."""

    def metric(self, truth: Truth, k: int) -> Gain:
        return Gain(target=hits(truth, self.config.event), reduce=_any_hit)


class ClickRateConfig(ComponentConfig):
    """Which event is a click."""

    event: str = Field(default="click", description="Event that is a click.")


class ClickRate(Metric[ClickRateConfig]):
    """``clicked / k``: clicks in the log on listed items, a slot.

    A replay figure: what was clicked when the old lists were shown. It is no click-through rate of the new lists.
    """

    def metric(self, truth: Truth, k: int) -> Gain:
        return Gain(target=hits(truth, self.config.event), z=slots(truth, k))


class Discovery(Metric[EventMetricConfig]):
    """``(hits on items that the user never had before the request) / k``.

    Precision on what is new to the user: the "unexpected and relevant" of Herlocker et al. (TOIS 2004, section
    5.1.4, novelty to the user), with the user's own past as what is expected.
    """

    def metric(self, truth: Truth, k: int) -> Gain:
        if not truth.user_count:
            raise ConfigError("discovery needs to know what users had before; give their earlier interactions")
        return Gain(target=hits(truth, self.config.event) * ~truth.known, z=slots(truth, k))
