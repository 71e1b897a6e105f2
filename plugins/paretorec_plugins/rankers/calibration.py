"""Monotone corrections of a trained head, learned on requests that gave no gradients."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from paretorec.contracts import Array


@dataclass(frozen=True, slots=True)
class Platt:
    """logit -> slope x logit + intercept (Platt 1999); slope > 0, so that order stays."""

    slope: float = 1.0
    intercept: float = 0.0

    def __call__(self, logit: Array) -> Array:
        """Corrected log-odds, in the dtype of `logit`."""
        corrected: Array = logit * logit.dtype.type(self.slope) + logit.dtype.type(self.intercept)
        return corrected

    @classmethod
    def learn(cls, logit: Array, label: Array, weight: Array, steps: int = 30) -> Platt:
        """Weighted logistic regression by Newton's method, drawn to (1, 0) like by one more observation.

        logit, label (0 or 1), weight: float [n]. Identity when a class is missing or the slope would not be positive.
        """
        logit, label, weight = (np.asarray(x, np.float64) for x in (logit, label, weight))
        if not (weight * label).sum() or not (weight * (1 - label)).sum():
            return cls()
        x = np.stack([logit, np.ones_like(logit)])
        theta = np.array([1.0, 0.0])
        for _ in range(steps):
            p = 1 / (1 + np.exp(-np.clip(theta @ x, -40, 40)))
            gradient = (x * (weight * (p - label))).sum(axis=1) + (theta - [1, 0])
            hessian = (x * (weight * p * (1 - p))) @ x.T + np.eye(2)
            step = np.linalg.solve(hessian, gradient)
            theta = theta - step
            if np.abs(step).max() < 1e-9:
                break
        if not np.isfinite(theta).all() or theta[0] <= 0:
            return cls()
        return cls(float(theta[0]), float(theta[1]))


def amount_factor(expected: Array, amount: Array, weight: Array) -> float:
    """What makes expected amounts add up to those seen; between 1/3 and 3, and 1 where there are none."""
    seen, said = float((amount * weight).sum()), float((expected * weight).sum())
    if seen <= 0 or said <= 0:
        return 1.0
    return float(np.clip(seen / said, 1 / 3, 3))
