"""Losses from their definitions, one target at a time, float64, gradients by autograd; imports nothing of paretorec."""

from __future__ import annotations

import torch
from torch.nn.functional import logsigmoid


def with_gradients(loss, queries, candidates, *rest, **more):
    """(loss, its gradient for queries, for candidates), float64."""
    queries, candidates = (x.detach().double().requires_grad_() for x in (queries, candidates))
    value = loss(queries, candidates, *rest, **more)
    return value.item(), *torch.autograd.grad(value, (queries, candidates))


def softmax(queries, candidates, row, column, weight, offset, smoothing):
    """Mean over targets of the cross-entropy; own targets' logits have no offset; smoothing mixes in the uniform
    distribution over candidates."""
    total = torch.zeros((), dtype=torch.float64)
    for r, c, w in zip(row.tolist(), column.tolist(), weight.tolist(), strict=True):
        own = column[row == r]
        corrected = offset.double().clone()
        corrected[own] = 0
        logits = candidates @ queries[r] + corrected
        log_probability = logits - torch.logsumexp(logits, 0)
        smooth = smoothing * log_probability.mean() if smoothing else 0
        total = total - w * ((1 - smoothing) * log_probability[c] + smooth)
    return total / weight.double().sum()


def gbce(queries, candidates, row, column, drawn, power, weight):
    """drawn: negatives as they were drawn, repeats included; those among a query's own targets do not count."""
    total = torch.zeros((), dtype=torch.float64)
    for r, c, w in zip(row.tolist(), column.tolist(), weight.tolist(), strict=True):
        own = column[row == r].tolist()
        scores = candidates @ queries[r]
        likelihood = power * logsigmoid(scores[c])
        for k in drawn.tolist():
            if k not in own:
                likelihood = likelihood + logsigmoid(-scores[k])
        total = total - w * likelihood / (1 + len(drawn))
    return total / weight.double().sum()
