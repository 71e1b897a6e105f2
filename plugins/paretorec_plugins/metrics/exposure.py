"""Metrics of what is listed, whoever wants it: coverage, Gini and novelty."""

from __future__ import annotations

import numpy as np
from pydantic import Field

from paretorec.contracts import Array, ComponentConfig, Exposure, Gain, Truth
from paretorec.errors import ConfigError
from paretorec_plugins.metrics.events import Metric, slots


class ExposureConfig(ComponentConfig):
    """Nothing to choose."""


def _coverage(counts: Array) -> float:
    return float((counts > 0).mean()) if len(counts) else 0.0


class Coverage(Metric[ExposureConfig]):
    """``items listed at least once / items in the catalogue``.

    Catalogue coverage of Ge et al., *Beyond Accuracy*, RecSys 2010. It grows with the number of lists: compare it
    only at equal numbers.
    """

    def metric(self, truth: Truth, k: int) -> Exposure:
        return Exposure(_coverage)


def _gini(counts: Array) -> float:
    total = counts.sum()
    if not total:
        return 0.0
    place = 2 * np.arange(1, len(counts) + 1) - len(counts) - 1
    return float((place * np.sort(counts)).sum() / (len(counts) * total))


class Gini(Metric[ExposureConfig]):
    """``sum_i (2 i - N - 1) c_i / (N sum c)``, c = how often each of N items is listed, ascending; less is better.

    0 = all items equally often, ``1 - 1/N`` = always the same one. Items never listed count (Fleder & Hosanagar,
    Management Science 2009; Castells, Hurley & Vargas, Recommender Systems Handbook 2015). Nothing listed: 0.
    """

    direction = "min"

    def metric(self, truth: Truth, k: int) -> Exposure:
        return Exposure(_gini)


class NoveltyConfig(ComponentConfig):
    """In which unit surprise is measured."""

    bits: bool = Field(
        default=False, description="Bits; otherwise bits divided by those of an item seen once, so that 1 is the most."
    )


class Novelty(Metric[NoveltyConfig]):
    """``1/k x sum over listed items of -log2 p(i)``, p(i) = the item's share of all positive interactions before.

    Mean self-information (Zhou et al., PNAS 2010) with the free-discovery probability of Vargas & Castells, *Rank
    and Relevance in Novelty and Diversity Metrics*, RecSys 2011. Shares of interactions, not of users: items that
    people take again (groceries, music) would have shares of users above 1 and a surprise below 0. An item never
    had counts as had once. Empty slots surprise nobody: they count as 0.
    """

    def __init__(self, config: NoveltyConfig) -> None:
        super().__init__(config)
        self.unit = "bits" if config.bits else ""

    def metric(self, truth: Truth, k: int) -> Gain:
        total = truth.item_counts.sum()
        if not total:
            raise ConfigError("novelty needs to know how popular items are; give earlier interactions")
        surprise = np.log2(total) - np.log2(np.maximum(truth.item_counts, 1))
        if not self.config.bits:
            surprise /= max(np.log2(total), 1.0)
        return Gain(item=surprise, z=slots(truth, k))
