"""Several processes that train one model: each takes its share of a step's batches, all make the same step."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn

T = TypeVar("T")


class Group:
    """The processes of an initialised `torch.distributed`; one alone otherwise.

    Plain sums of flattened gradients rather than `DistributedDataParallel`: a process without a batch of its own
    takes part with nothing, parameters without a gradient keep none, the request to stop travels along, and the sum
    is the gradient of the mean over a step's batches, whoever computed them.
    """

    def __init__(self) -> None:
        several = dist.is_available() and dist.is_initialized() and dist.get_world_size() > 1
        self.rank, self.size = (dist.get_rank(), dist.get_world_size()) if several else (0, 1)

    @property
    def first(self) -> bool:
        """Whether this process validates, writes and reports."""
        return self.rank == 0

    def share(self, batches: Sequence[T]) -> Sequence[T]:
        """This process's batches of a step; may be none."""
        return batches[self.rank :: self.size]

    def sum_gradients(self, parameters: Sequence[nn.Parameter], told: Iterable[float]) -> list[float]:
        """Every `grad` becomes its sum over all processes, in one message with `told` (float32, the same count
        everywhere), whose sums are returned."""
        told = list(told)
        device = parameters[0].device
        parts = [torch.zeros(p.numel(), device=device) if p.grad is None else p.grad.reshape(-1) for p in parameters]
        known = torch.tensor([p.grad is not None for p in parameters], dtype=torch.float32, device=device)
        flat = torch.cat([*parts, known, torch.tensor(told, dtype=torch.float32, device=device)])
        dist.all_reduce(flat)
        *sums, known, total = torch.split(flat, [*(p.numel() for p in parameters), len(parameters), len(told)])
        for parameter, gradient, somebody in zip(parameters, sums, known.tolist(), strict=True):
            parameter.grad = gradient.view_as(parameter) if somebody else None
        return [float(value) for value in total.tolist()]

    def sum(self, value: float) -> float:
        """Sum over all processes, in float64."""
        if self.size == 1:
            return value
        total = torch.tensor([value], dtype=torch.float64, device=_device())
        dist.all_reduce(total)
        return float(total)

    def of_first(self, value: T) -> T:
        """What the first process has."""
        if self.size == 1:
            return value
        shared = [value]
        dist.broadcast_object_list(shared, src=0, device=_device())
        return shared[0]

    @torch.no_grad()
    def equalise(self, weights: Iterable[Tensor]) -> None:
        """Every tensor becomes that of the first process."""
        if self.size > 1:
            for weight in weights:
                dist.broadcast(weight, src=0)


def _device() -> torch.device:
    return torch.device("cuda" if dist.get_backend() == "nccl" else "cpu")
