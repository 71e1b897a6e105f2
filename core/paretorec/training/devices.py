"""Between the host and the device that trains."""

from __future__ import annotations

import torch
from torch import Tensor

from paretorec.contracts import Array


def to_device(values: Array, device: torch.device | str) -> Tensor:
    """A numpy array as a tensor on `device`; to a GPU through pinned memory, so that the copy waits for nothing."""
    tensor = torch.from_numpy(values)
    if torch.device(device).type != "cuda":
        return tensor.to(device)
    return tensor.pin_memory().to(device, non_blocking=True)
