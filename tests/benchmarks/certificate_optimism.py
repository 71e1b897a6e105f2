"""How much a front flatters itself, and how near the run's own estimate of that comes, against fresh customers."""

from __future__ import annotations

from typing import Any

import numpy as np
from certificate_worlds import Found

from paretorec.contracts import Array
from paretorec.search.pareto import hypervolume, nondominated


def optimism(logs: list[Found], values: list[Array], fixed: Array, names: list[str], sign: Array) -> dict[str, Any]:
    """The front as it looks, as it is expected to be, and as it is.

    values: per log float64 [P, M], the truth of its policies. fixed: float64 [F, M], the truth of policies that other
    logs led to, whose values on these logs are `Found.fixed`. Nobody chose them here, so what they look like is right
    on average, and the luck with the customers, of the log and of the truth, that they share with the front is taken
    out of the bias by regression on it (control variates). `plain_` figures are those without.
    """
    raw, expected, best = [], [], {name: ([], []) for name in names}  # type: ignore[var-annotated]
    true = np.array([hypervolume(-sign * v, found.reference) for v, found in zip(values, logs, strict=True)])
    for found, value in zip(logs, values, strict=True):
        volume = found.optimism["hypervolume"]
        raw.append(volume["select"])
        expected.append(volume["expected"])
        for m, name in enumerate(names):
            row = int((sign[m] * found.select[:, m]).argmax())
            told = found.optimism["best"][name]
            for place, key in enumerate(("select", "expected")):
                best[name][place].append(100 * sign[m] * (told[key] - value[row, m]) / abs(value[row, m]))
    shared = luck(logs, fixed, sign)

    def error(of: Any) -> dict[str, float]:
        off = np.asarray(of)
        bias, noise = without_noise(off, shared)
        return {
            "bias_percent": round(bias, 3),
            "bias_error": round(noise, 3),
            "rmse_percent": round(float(np.hypot(bias, off.std())), 3),
            "plain_bias_percent": round(float(off.mean()), 3),
            "plain_rmse_percent": round(float(np.sqrt(np.square(off).mean())), 3),
        }

    scale = 100 / true.mean()
    return {
        "logs": len(logs),
        "requests": round(float(np.mean([found.requests[0] for found in logs]))),
        "raw": error((np.array(raw) - true) * scale),
        "expected": error((np.array(expected) - true) * scale),
        "best_values": {name: {"raw": error(a), "expected": error(b)} for name, (a, b) in best.items()},
    }


def luck(logs: list[Found], fixed: Array, sign: Array) -> Array:
    """float64 [n, 1 + M]: by how much each log's customers flatter policies that nobody chose on them: what their
    front's hypervolume moves, to first order (its derivative at the truth: without the bias of a curved function),
    and the mean of each objective."""
    front = fixed[nondominated(-sign * fixed)]
    slopes = np.zeros_like(fixed)
    slopes[nondominated(-sign * fixed)] = derivative(-sign * front, np.mean([log.reference for log in logs], axis=0))
    moved = np.array([-sign * (log.fixed - fixed) for log in logs])
    return np.column_stack([(moved * slopes).sum(axis=(1, 2)), moved.mean(axis=1)])


def derivative(points: Array, reference: Array) -> Array:
    """float64 [F, M]: of the hypervolume by each value, by central differences."""
    out = np.zeros_like(points)
    for place in np.ndindex(*points.shape):
        step = 1e-4 * max(abs(points[place]), 1e-6)
        ends = []
        for side in (step, -step):
            moved = points.copy()
            moved[place] += side
            ends.append(hypervolume(moved, reference))
        out[place] = (ends[0] - ends[1]) / (2 * step)
    return out


def without_noise(off: Array, controls: Array) -> tuple[float, float]:
    """(mean, its standard error) of `off` [n] less what it shares with `controls` [n, C], whose means are 0."""
    controls = controls[:, controls.std(axis=0) > 0]
    if len(off) < 5 * (controls.shape[1] + 1):
        controls = controls[:, :0]
    design = np.column_stack([np.ones(len(off)), controls / controls.std(axis=0)])
    fit, *_ = np.linalg.lstsq(design, off, rcond=None)
    left = off - design @ fit
    variance = np.square(left).sum() / max(len(off) - design.shape[1], 1)
    return float(fit[0]), float(np.sqrt(variance * np.linalg.inv(design.T @ design)[0, 0]))
