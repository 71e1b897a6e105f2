"""Metrics where the position of a hit counts. Positions begin at 1."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field, model_validator

from paretorec.contracts import Array, Gain, Truth
from paretorec_plugins.metrics.events import EventMetricConfig, Metric, hits


class NdcgConfig(EventMetricConfig):
    """Which targets are hits, and how good they are."""

    gain: Literal["binary", "linear", "exponential"] = Field(
        default="binary", description="Gain of a hit: 1, its label, or 2^label - 1; the last two need `event`."
    )

    @model_validator(mode="after")
    def _graded_by_an_event(self) -> NdcgConfig:
        if self.gain != "binary" and not self.event:
            raise ValueError(f"gain = '{self.gain}' grades by an event's label: name the event")
        return self


class Ndcg(Metric[NdcgConfig]):
    """``DCG / IDCG``, ``DCG = sum_i gain_i / log2(i + 1)``; IDCG = the DCG of the k best targets in the best order.

    Järvelin & Kekäläinen, *Cumulated gain-based evaluation of IR techniques*, TOIS 2002, with the discount and the
    exponential gain of Burges et al., *Learning to Rank using Gradient Descent*, ICML 2005 (scikit-learn, ranx and
    trec_eval discount so too). IDCG is taken from all targets, also those outside the candidates. Labels
    below 0 count as 0; a request without a gain counts as 0.
    """

    def metric(self, truth: Truth, k: int) -> Gain:
        gain = self._gains(truth)
        discount = 1 / np.log2(np.arange(k) + 2)
        return Gain(target=gain, z=ideal(truth, gain, discount), discount=discount)

    def _gains(self, truth: Truth) -> Array:
        if self.config.gain == "binary":
            return hits(truth, self.config.event)
        label = np.maximum(truth.label(self.config.event).astype(np.float64), 0)
        return label if self.config.gain == "linear" else np.exp2(label) - 1


def ideal(truth: Truth, gain: Array, discount: Array) -> Array:
    """float64 [R]: the discounted sum of each request's largest gains. gain: [T]; discount: [k]. O(T log T)."""
    row = truth.requests.target_rows
    best_first = np.lexsort((-gain, row))
    place = np.arange(len(row)) - truth.requests.offsets[:-1][row]
    listed = place < len(discount)
    weighed = gain[best_first][listed] * discount[place[listed]]
    return np.bincount(row[listed], weights=weighed, minlength=len(truth.requests))


def _reciprocal_rank(gains: Array, _: Array) -> Array:
    hit = gains > 0
    return np.where(hit.any(axis=-1), 1.0 / (hit.argmax(axis=-1) + 1), 0.0)


class Mrr(Metric[EventMetricConfig]):
    """``1 / position of the first hit``, 0 without one among the k (Voorhees, TREC-8 1999)."""

    def metric(self, truth: Truth, k: int) -> Gain:
        return Gain(target=hits(truth, self.config.event), reduce=_reciprocal_rank)


def _average_precision(gains: Array, z: Array) -> Array:
    hit = gains > 0
    precision = np.cumsum(hit, axis=-1) / np.arange(1, gains.shape[-1] + 1)
    total = (hit * precision).sum(axis=-1)
    return np.asarray(np.divide(total, z, out=np.zeros(len(z)), where=z > 0))


class MeanAveragePrecision(Metric[EventMetricConfig]):
    """``1 / min(k, n) x sum over hits of the precision down to the hit``, n = hits that were possible.

    Average precision (Buckley & Voorhees, SIGIR 2000) cut at k; with ``min(k, n)`` a perfect list scores 1, as in
    the definition of the Million Song Challenge (McFee et al., WWW 2012). trec_eval's map_cut_k divides by n.
    """

    def metric(self, truth: Truth, k: int) -> Gain:
        hit = hits(truth, self.config.event)
        return Gain(target=hit, z=np.minimum(truth.per_request(hit), k), reduce=_average_precision)
