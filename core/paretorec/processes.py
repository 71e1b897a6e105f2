"""Several processes that do one run, as `torchrun` starts them: all fit, the first one does everything else."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from paretorec.errors import ConfigError

PATIENCE = timedelta(days=1)
"""How long a process waits for the others: somebody may fit for hours what somebody else found fitted. A process that
dies is noticed at once."""


def started() -> int:
    """How many processes torchrun started for this command; 1: it did not."""
    return int(os.environ.get("WORLD_SIZE", "1")) if "RANK" in os.environ else 1


def on_this_machine() -> int:
    """How many of them share this machine's processors."""
    return int(os.environ.get("LOCAL_WORLD_SIZE", "1"))


@contextmanager
def joined() -> Iterator[None]:
    """Within the block the processes that torchrun started know one another (`torch.distributed`); with one alone
    nothing happens. Gradients travel by gloo, between GPUs by nccl, one GPU a process.

    Raises `ConfigError` where there are GPUs, but fewer than processes.
    """
    if started() == 1:
        yield
        return
    import torch
    import torch.distributed as dist

    gpus = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if gpus:
        if gpus < on_this_machine():
            raise ConfigError(
                f"torchrun started {on_this_machine()} processes on a machine with {gpus} GPUs; "
                f"give it --nproc-per-node {gpus}"
            )
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
    dist.init_process_group("cpu:gloo,cuda:nccl" if gpus else "gloo", timeout=PATIENCE)
    try:
        yield
    finally:
        dist.destroy_process_group()


def count() -> int:
    """How many processes `torch.distributed` joined; 1: none."""
    dist = _distributed()
    return 1 if dist is None else int(dist.get_world_size())


def first() -> bool:
    """Whether this is the process that judges, searches and writes."""
    dist = _distributed()
    return dist is None or int(dist.get_rank()) == 0


def wait() -> None:
    """Go on when all processes came here; at once where there is one."""
    dist = _distributed()
    if dist is not None:
        dist.barrier()


def _distributed() -> Any:
    """`torch.distributed` where it is in use; torch is not imported for the question."""
    dist = sys.modules.get("torch.distributed")
    return dist if dist is not None and dist.is_available() and dist.is_initialized() else None
