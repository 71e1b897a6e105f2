"""One number out of several objectives, for optimizers that can follow only one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from paretorec.contracts.run import Array
from paretorec.errors import ConfigError

_SURE = 1.96
"""A baseline closer to 0 than this many of its standard errors has no relative changes, only absolute ones."""


@dataclass(frozen=True)
class Wish:
    """The standing wish, `[pick]`, as a number to be minimised.

    A change is what a policy is better than the baseline by: relative to it, or absolute where the baseline cannot be
    told from 0, as in a certificate. What is gained is the change of `maximize`, or the mean change of all objectives
    where none is named. Policies that keep every promise come before those that break one, the former by their gain,
    the latter by how much they break in all (Deb's feasibility rules, 2000, in one number, so that it suits every
    optimizer that compares).
    """

    baseline: Array
    """float64 [M], minimised like the values."""
    scale: Array
    """float64 [M]: what a change of 1 is; the size of the baseline, or 1 for absolute changes."""
    weights: Array
    """float64 [M]: the gain is the weighted sum of the changes."""
    least: Array
    """float64 [M]: least change that must be kept; -inf: none."""

    @classmethod
    def of(
        cls,
        objectives: Sequence[str],
        baseline: Array,
        errors: Array | None = None,
        maximize: str = "",
        keep: Mapping[str, str] | None = None,
    ) -> Wish:
        """From `[pick]` and the baseline's values [M] (minimised) with their standard errors [M].

        `keep` holds least changes as text: "-2%" is relative, "-0.01" is in the objective's unit. Raises ConfigError
        for an objective that does not exist, a text that is no number, and a percentage of a baseline of 0. An
        objective in which the baseline has no value counts as 0 there.
        """
        baseline = np.nan_to_num(np.asarray(baseline, dtype=np.float64))
        errors = np.zeros_like(baseline) if errors is None else np.asarray(errors, dtype=np.float64)
        scale = np.where(np.abs(baseline) > _SURE * np.nan_to_num(errors), np.abs(baseline), 1.0)
        names = list(objectives)

        def index(name: str, key: str) -> int:
            if name not in names:
                raise ConfigError(f"{key} names {name!r}, which is no objective of this run: {', '.join(names)}")
            return names.index(name)

        weights = np.full(len(names), 1.0 / len(names))
        if maximize:
            weights = np.zeros(len(names))
            weights[index(maximize, "pick.maximize")] = 1.0
        least = np.full(len(names), -np.inf)
        for name, text in (keep or {}).items():
            m = index(name, f"pick.keep.{name}")
            amount, percent = least_change(name, text)
            if percent and baseline[m] == 0:
                raise ConfigError(f"pick.keep.{name} is {text!r}, but the baseline is 0; give an amount without %")
            least[m] = (amount / 100.0 * np.abs(baseline[m]) if percent else amount) / scale[m]
        return cls(baseline, scale, weights, least)

    def scalar(self, values: Array) -> Array:
        """values float64 [P, M], minimised -> float64 [P], smaller = better: within (-1, 1) if all is kept."""
        change = (self.baseline - np.asarray(values, dtype=np.float64)) / self.scale
        gain = (change * self.weights).sum(axis=1)
        broken = np.maximum(self.least - change, 0.0).sum(axis=1)
        wished: Array = np.where(broken > 0, 1.0 + broken, -gain / (1.0 + np.abs(gain)))
        return wished


def least_change(name: str, text: str, key: str = "pick.keep") -> tuple[float, bool]:
    """The amount that ``pick.keep.NAME = text`` says, and whether it is a percentage. Raises ConfigError.

    key: the table that the text stands in, for the message.
    """
    plain = str(text).strip().replace("\N{MINUS SIGN}", "-")
    try:
        amount = float(plain.removesuffix("%"))
    except ValueError:
        amount = np.nan
    if not np.isfinite(amount):
        raise ConfigError(f'{key}.{name} is {text!r}; give a least change such as "-2%" or "-0.01"')
    return amount, plain.endswith("%")
