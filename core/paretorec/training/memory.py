"""Out of memory, said with the settings to lower."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch

from paretorec.errors import ConfigError


@contextmanager
def memory_named(name: str, keys: Sequence[str]) -> Iterator[None]:
    """Within the block an allocation that fails, on the CPU or a GPU, becomes a `ConfigError` that names `keys`.

    name: what is trained.  keys: as the error shows them, such as ``batch_tokens = 3200``.
    """
    try:
        yield
    except (MemoryError, RuntimeError) as cause:
        if not _failed_allocation(cause):
            raise
        where = "the GPU" if isinstance(cause, torch.OutOfMemoryError) else "this machine"
        what = f"lower {' or '.join(keys)}" if keys else "lower the sizes of its batches"
        raise ConfigError(f"{name}: {where} has too little memory for this training; {what}") from cause


def _failed_allocation(error: BaseException) -> bool:
    # torch has a type for its GPUs alone; its CPU allocator raises a plain RuntimeError.
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or "DefaultCPUAllocator" in str(error)
