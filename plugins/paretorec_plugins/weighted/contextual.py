"""Weights that move with numbers of the request."""

from __future__ import annotations

import numpy as np
from pydantic import Field

from paretorec.contracts import Array, Box, ComponentConfig, Histories, ItemTable
from paretorec.errors import ConfigError
from paretorec_plugins.weighted.grouped import Grouped
from paretorec_plugins.weighted.simplex import dirichlet, proportions

CLIP = 3.0
"""Standard deviations beyond which a feature counts no more: no request gets weights far from any that was judged."""


class ContextualConfig(ComponentConfig):
    """`contextual`: by which numbers of the request, and how far they may move the weights."""

    features: tuple[str, ...] = Field(
        default=("history.length",),
        min_length=1,
        description="Numeric request columns: user.NAME, context.NAME, history.length, time.hour or time.weekday.",
    )
    bound: float = Field(
        default=1.0,
        gt=0,
        le=5,
        description="Largest slope: a standard deviation of a feature multiplies a weight by e^bound at most.",
    )
    means: tuple[float, ...] = Field(default=(), description="Of each feature, over the select requests; counted.")
    deviations: tuple[float, ...] = Field(
        default=(), description="Standard deviation of each feature, over the select requests; counted."
    )


class Contextual(Grouped[ContextualConfig]):
    """Weighted sum with log-linear weights: w_k(x) is proportional to w_k exp(sum over f of b_fk z_f(x)).

    D = K (1 + F): K weights between 0 and 1 and F K slopes b between -bound and bound, which is the regularisation.
    z_f are the F features, standardised over the select requests and cut off at 3 standard deviations; unknown is the
    mean. Slopes of 0 are a linear policy, and a signal without weight has none for any request.
    """

    def settle(self, requests: Histories, items: ItemTable) -> ContextualConfig:
        del items
        means, deviations = [], []
        for name in self.config.features:
            values = requests.column(name)
            if values.dtype == object:
                raise ConfigError(f"policy.params.features: {name!r} is text; segmented takes such a column")
            known = values[~np.isnan(values)]
            if not len(known) or not known.std() > 0:
                raise ConfigError(f"policy.params.features: {name!r} is the same for all select requests; leave it out")
            means.append(float(known.mean()))
            deviations.append(float(known.std()))
        return self.config.model_copy(update={"means": tuple(means), "deviations": tuple(deviations)})

    def space(self, signals: tuple[str, ...]) -> Box:
        count, slopes = len(signals), len(signals) * len(self.config.features)
        names = tuple(f"{signal}*{feature}" for feature in self.config.features for signal in signals)
        bound = np.full(slopes, self.config.bound)
        return Box(
            np.concatenate([np.zeros(count), -bound]),
            np.concatenate([np.ones(count), bound]),
            (*signals, *names),
            np.hstack([np.eye(count), np.zeros((count, slopes))]),
        )

    def sample(self, box: Box, count: int, seed: int) -> Array:
        """Every other policy has no slopes."""
        signals = len(box.corners)
        weights = dirichlet(signals, count, seed)
        low, high = box.lower[signals:], box.upper[signals:]
        slopes = np.random.default_rng([seed, 1]).uniform(low, high, (count, len(low)))
        slopes[::2] = 0.0
        return np.hstack([weights, slopes])

    def group_weights(self, theta: Array, requests: Histories) -> tuple[Array, Array]:
        """G = B: every request has weights of its own."""
        features = self._standardised(requests)
        signals = theta.shape[1] // (1 + len(features))
        base, slopes = theta[:, :signals], theta[:, signals:].reshape(len(theta), len(features), signals)
        exponent = np.zeros((len(requests), len(theta), signals))
        for place, feature in enumerate(features):
            exponent += feature[:, None, None] * slopes[:, place]
        # The largest of those with weight becomes 0, so that their sum is at least the smallest weight there is.
        largest = np.where(base > 0, exponent, -np.inf).max(axis=-1, keepdims=True)
        exponent -= np.where(np.isfinite(largest), largest, 0.0)
        weights = proportions(base * np.exp(np.minimum(exponent, 0.0)))
        return weights.astype(np.float32), np.arange(len(requests))

    def _standardised(self, requests: Histories) -> list[Array]:
        """F times float64 [B]."""
        config = self.config
        if not config.means:
            raise ConfigError("policy.params.means: features are not scaled yet; settle the policy on requests")
        out = []
        for name, mean, deviation in zip(config.features, config.means, config.deviations, strict=True):
            z = np.clip((requests.column(name) - mean) / deviation, -CLIP, CLIP)
            out.append(np.where(np.isnan(z), 0.0, z))
        return out
