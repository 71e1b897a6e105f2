"""What a candidate's score is, under policies that weigh signals: the number that lists are sorted by."""

from __future__ import annotations

from typing import Any

import numpy as np

from paretorec.contracts import Array, Histories, PolicyKind


def candidate_scores(kind: PolicyKind, theta: Array, values: Array, requests: Histories | None) -> Array | None:
    """float32 [B, n] of values float32 [B, n, K] under theta float64 [D]; None for kinds that only rank.

    Each product and each sum is rounded, in signal order: the very numbers that `paretorec.judge` sorts by.
    """
    weighing: Any = kind
    if kind.linear:
        own = weighing.weights(theta[None])
    elif hasattr(kind, "group_weights"):
        weights, group = weighing.group_weights(theta[None], requests)
        own = weights[group, 0]
    else:
        return None
    terms = weighing.prepare(values)
    scores = np.zeros(terms.shape[:2], np.float32)
    for place in range(terms.shape[2]):
        scores += own[:, place, None].astype(np.float32) * terms[..., place]
    return scores
