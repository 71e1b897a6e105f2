"""Softmax cross-entropy with its gradients in numpy float64, all logits at once; imports nothing of paretorec."""

from __future__ import annotations

import numpy as np


def loss_and_gradients(queries, candidates, row, column, offset):
    """Mean over targets of logsumexp(logits of its query) - its logit; gradients for queries and candidates."""
    logits = queries @ candidates.T + offset
    shifted = logits - logits.max(1, keepdims=True)
    log_probability = shifted - np.log(np.exp(shifted).sum(1, keepdims=True))
    d_logits = np.zeros_like(logits)
    loss = 0.0
    for r, c in zip(row, column, strict=True):
        loss -= log_probability[r, c]
        d_logits[r] += np.exp(log_probability[r])
        d_logits[r, c] -= 1
    n = len(row)
    return loss / n, d_logits @ candidates / n, d_logits.T @ queries / n
