"""Gradient optimizers and learning-rate schedules by name."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Literal

import torch

OptimizerName = Literal["adam", "adamw", "rmsprop", "sgd"]
ScheduleName = Literal["cosine", "constant"]


def make_optimizer(
    name: OptimizerName, parameters: Iterable[torch.nn.Parameter], learning_rate: float, weight_decay: float = 0.0
) -> torch.optim.Optimizer:
    """Adam, AdamW (decoupled decay), RMSProp, or SGD with Nesterov momentum 0.9."""
    match name:
        case "adam":
            return torch.optim.Adam(parameters, learning_rate, weight_decay=weight_decay)
        case "adamw":
            return torch.optim.AdamW(parameters, learning_rate, weight_decay=weight_decay)
        case "rmsprop":
            return torch.optim.RMSprop(parameters, learning_rate, weight_decay=weight_decay)
        case "sgd":
            return torch.optim.SGD(parameters, learning_rate, momentum=0.9, nesterov=True, weight_decay=weight_decay)


def learning_rate_factor(name: ScheduleName, progress: float, warm_up: float, final: float) -> float:
    """Factor on the peak learning rate at `progress` in [0, 1] of the training.

    Linear from 0 within the first `warm_up` of the training; then constant, or half a cosine from 1 down to `final`
    (Loshchilov and Hutter 2017).
    """
    if progress < warm_up:
        return progress / warm_up
    if name == "constant":
        return 1.0
    done = min((progress - warm_up) / max(1 - warm_up, 1e-12), 1.0)
    return final + (1 - final) * (1 + math.cos(math.pi * done)) / 2
