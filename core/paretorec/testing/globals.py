"""What all code in a process shares: global random generators and library defaults."""

from __future__ import annotations

import os
import random
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from paretorec.testing.compare import fingerprint


def _now() -> dict[str, str]:
    state: dict[str, Any] = {
        "the random generator of `random`": random.getstate(),
        "the random generator of `numpy.random`": np.random.get_state(),
        "numpy's handling of errors (numpy.seterr)": np.geterr(),
        "numpy's print options": repr(np.get_printoptions()),
        "the environment variables": dict(os.environ),
        "the working directory": os.getcwd(),
        "the warning filters": repr(warnings.filters),
        "sys.path": list(sys.path),
    }
    torch = sys.modules.get("torch")
    if torch is not None:
        state |= {
            "the random generator of torch": torch.get_rng_state().numpy(),
            "torch's default dtype": str(torch.get_default_dtype()),
            "torch's default device": str(torch.get_default_device()),
            "torch's number of threads": torch.get_num_threads(),
            "torch's gradient mode": torch.is_grad_enabled(),
            "torch's deterministic algorithms": torch.are_deterministic_algorithms_enabled(),
        }
    return {name: fingerprint(value) for name, value in state.items()}


@contextmanager
def shaken(changed: list[str]) -> Iterator[None]:
    """Run something with other states of the global generators; `changed` then names what it left different.

    What the process had before is restored.
    """
    torch = sys.modules.get("torch")
    before = random.getstate(), np.random.get_state(), None if torch is None else torch.get_rng_state()
    random.seed(20_240_229)
    np.random.seed(20_240_229)
    if torch is not None:
        torch.manual_seed(20_240_229)
    state = _now()
    try:
        yield
        after = _now()
        changed.extend(name for name in state if after[name] != state[name])
    finally:
        random.setstate(before[0])
        np.random.set_state(before[1])
        if torch is not None:
            torch.set_rng_state(before[2])
