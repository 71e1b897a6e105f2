"""`torch.compile`, where there is a compiler."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn


@contextmanager
def compiled(model: nn.Module, wanted: bool = True) -> Iterator[None]:
    """Within the block calls of `model` run compiled, for any shape of its inputs; then as before.

    Without a working compiler one `RuntimeWarning` says so, and the model runs as it is.
    """
    if not wanted or not _works(next(model.parameters()).device):
        yield
        return
    model.compile(dynamic=True)
    try:
        yield
    finally:
        model._compiled_call_impl = None


def _works(device: torch.device) -> bool:
    try:
        torch.compile(_probe)(torch.ones(2, device=device))
    except Exception as error:  # whatever a compiler may be missing, and dynamo raises many types
        reason = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
        warnings.warn(
            f"compile = true has no effect: torch.compile does not work here ({reason}); install a C++ compiler, or "
            "set compile = false",
            RuntimeWarning,
            stacklevel=4,
        )
        return False
    return True


def _probe(x: Tensor) -> Tensor:
    return x.sin() + 1
