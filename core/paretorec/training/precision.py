"""Products of float32 matrices in bfloat16: where a processor has instructions for them, several times as fast."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import torch

from paretorec.errors import ConfigError

ProductPrecision = Literal["auto", "fp32", "bf16"]


def has_bf16(device: torch.device) -> bool:
    """Whether products of float32 matrices are faster on this device with factors rounded to bfloat16: CPUs with AMX,
    CUDA from compute capability 8.0 on (as TF32).

    CPUs with avx512_bf16 alone do not count: on a Xeon whose AMX was masked, torch's products for the softmax over
    3,400 items ran at 136, 178 and 117 GFLOP/s so, and at 162, 150 and 139 in float32 (with AMX: 464, 389 and 355).
    """
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device) >= (8, 0)
    return device.type == "cpu" and bool(torch.cpu.get_capabilities().get("amx_bf16"))


def uses_bf16(precision: ProductPrecision, device: torch.device) -> bool:
    """What `precision` means on this device; ``auto``: bf16 where the device has it.

    By what the processor can do and not by a stopwatch, so that a training that goes on after an interruption, or
    runs again, computes the same. Raises `ConfigError` where bf16 is asked for and absent.
    """
    if precision == "bf16" and not has_bf16(device):
        raise ConfigError(
            f'precision = "bf16" needs a processor with AMX (amx_bf16), which this {device.type} device lacks; '
            'set precision = "auto" or "fp32"'
        )
    return precision != "fp32" and has_bf16(device)


@contextmanager
def float_products(bf16: bool, device: torch.device) -> Iterator[None]:
    """Within the block what goes into products of matrices and comes out stays as it is, also under autocast.

    bf16: float32 factors are rounded to bfloat16 on the way (CUDA: to TF32, which is finer) and summed in float32. The
    switch is the process's, torch has none for one call: products in other threads may be rounded meanwhile.
    """
    with torch.autocast(device.type, enabled=False):
        if not bf16:
            yield
            return
        with _rounded():
            yield


@contextmanager
def _rounded() -> Iterator[None]:
    cpu, cuda = torch.backends.mkldnn.matmul, torch.backends.cuda.matmul  # type: ignore[attr-defined]
    before = cpu.fp32_precision, cuda.fp32_precision
    cpu.fp32_precision, cuda.fp32_precision = "bf16", "tf32"
    try:
        yield
    finally:
        cpu.fp32_precision, cuda.fp32_precision = before
