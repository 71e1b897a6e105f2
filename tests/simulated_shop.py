"""The small simulated shop that tests of the whole flow run on, and Python in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

SHOP: dict[str, Any] = {
    "seed": 3,
    "threads": 1,
    "source": {"use": "simulated-store", "params": {"users": 300, "weeks": 20, "items": 150}},
    "split": {"use": "temporal", "params": {"requests": "periods", "horizon": "7d"}},
    "encoders": [{"use": "popularity"}, {"use": "repeat"}, {"use": "item-knn"}],
    "candidates": {"size": 60},
    "objectives": [{"use": "relevance"}, {"use": "sales"}, {"use": "diversity"}],
    "optimizer": {"use": "nsga2", "params": {"population": 20}},
    "search": {"evaluations": 160, "points": 12},
    "certify": {"resamples": 300},
    "pick": {"maximize": "diversity"},
}
"""Four thousand rows of certify requests or so; a run takes two seconds."""

TRANSFORMER: dict[str, Any] = {"use": "transformer", "params": {"width": 32, "layers": 1, "length": 20, "epochs": 1}}

DEEP: dict[str, Any] = {
    **SHOP,
    "encoders": [*SHOP["encoders"], TRANSFORMER],
    "ranker": {"use": "mlp", "params": {"hidden": [64, 32], "epochs": 2, "events": ["click", "sales"]}},
    "rules": [
        {"use": "cool-down", "params": {"days": 10}},
        {"use": "cap", "params": {"column": "category", "most": 3}},
    ],
}
"""With everything that is trained, and rules of both kinds."""


def start_python(code: str, *arguments: object, threads: int = 1, **environment: str) -> subprocess.Popen[str]:
    """Python in a new process whose libraries may use `threads` threads; `arguments` are in ``sys.argv[1:]``."""
    count = str(threads)
    limits = {"OMP_NUM_THREADS": count, "OPENBLAS_NUM_THREADS": count, "MKL_NUM_THREADS": count}
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        env={**os.environ, **limits, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def answer(process: subprocess.Popen[str]) -> Any:
    """The JSON document that the process printed."""
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    return json.loads(out)


def same_result(one: Path, other: Path) -> None:
    """Both run folders hold the same front, certificates and archive, to the bit."""
    for name in ("front.json", "front.safetensors", "pick.json", "explain.json"):
        assert (one / name).read_bytes() == (other / name).read_bytes(), name
    mine, yours = searched(one), searched(other)
    assert mine.keys() == yours.keys()
    assert all(mine[name].tobytes() == yours[name].tobytes() for name in mine)


def searched(folder: Path) -> dict[str, Any]:
    """What the searches of a run judged: ``OPTIMIZER.x``, ``.values`` and ``.errors``, float64 arrays."""
    from safetensors.numpy import load_file

    found = {path.stem.removeprefix("archive-"): load_file(path) for path in folder.glob("archive-*.safetensors")}
    return {f"{name}.{key}": arrays[key] for name, arrays in found.items() for key in ("x", "values", "errors")}
