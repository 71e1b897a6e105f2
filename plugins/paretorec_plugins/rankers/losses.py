"""Losses over sampled candidates. All [B, S]; `weight` = candidates that one stands for, 0 = padding."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def log_loss(logit: Tensor, label: Tensor, weight: Tensor) -> Tensor:
    """Weighted binary cross-entropy, summed. label: 0 or 1."""
    return (functional.binary_cross_entropy_with_logits(logit, label, reduction="none") * weight).sum()


def listwise_loss(logit: Tensor, label: Tensor, weight: Tensor) -> Tensor:
    """Softmax cross-entropy over each request's candidates, summed over its positives.

    -sum_i w_i y_i log(exp(l_i) / sum_j w_j exp(l_j)): ListNet's top-one loss (Cao et al., ICML 2007) with weights
    in the normaliser, so that sampled candidates stand for all. It ranks better than the log-loss alone, since it
    compares candidates of one request and is blind to how much the user buys in all.
    """
    normaliser = torch.logsumexp(logit + torch.log(weight.clamp(min=1e-30)), dim=1, keepdim=True)
    return ((normaliser - logit) * label * weight).sum()


def amount_loss(log_mean: Tensor, amount: Tensor, weight: Tensor) -> Tensor:
    """Gamma deviance (up to constants), summed: y / m + log m with m = exp(log_mean).

    Its minimum is the conditional mean whatever the distribution of y, and errors count relative to m, so that a few
    large amounts do not decide (McCullagh and Nelder, *Generalized Linear Models*, chapter 8).
    """
    return ((amount * torch.exp(-log_mean) + log_mean) * weight).sum()
