"""What a component does in a process that has just begun."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from paretorec.artifact import read_arrays, read_json, write_json, write_state
from paretorec.contracts import Array, ComponentRef, State
from paretorec.registry import Registry
from paretorec.testing.checks import Broken, broken

HEAVY: Final = (
    *("torch", "tensorflow", "jax", "pandas", "polars", "pyarrow", "scipy", "sklearn", "numba", "pymoo"),
    *("lightgbm", "xgboost", "catboost", "transformers", "implicit", "nevergrad", "cmaes", "optuna"),
    *("matplotlib", "plotly", "mlflow", "tensorboard", "sqlalchemy", "faiss", "hnswlib"),
)
"""What a light module does not import: each takes tens of milliseconds to seconds."""

SECONDS: Final = 120


_HEAVY_OF: Final[dict[str, tuple[str, ...]]] = {}


def light(module: str) -> tuple[str, ...]:
    """Which of `HEAVY` are loaded once `module` has been imported by a new process."""
    if module not in _HEAVY_OF:
        _HEAVY_OF[module] = _loaded([module])
    return _HEAVY_OF[module]


def all_light(modules: Iterable[str]) -> None:
    """Spare `light` its processes: if one that imports all of them loads nothing heavy, none of them does."""
    unknown = sorted(set(modules) - set(_HEAVY_OF))
    try:
        heavy = _loaded(unknown)
    except Broken:
        return  # `light` finds out which of them cannot be imported
    if not heavy:
        _HEAVY_OF.update(dict.fromkeys(unknown, ()))


def _loaded(modules: list[str]) -> tuple[str, ...]:
    code = (
        f"import sys, importlib\nfor name in {modules}: importlib.import_module(name)\n"
        f"print(*[name for name in {HEAVY} if name in sys.modules])"
    )
    return tuple(_python("-c", code).split())


def rebuilt(registry: Registry, wanted: Sequence[tuple[str, ComponentRef]]) -> list[str]:
    """A new process makes components, by kind and reference: why each could not be made; empty: it could."""
    jobs = [{"kind": kind, "ref": ref.model_dump(mode="json")} for kind, ref in wanted]
    with tempfile.TemporaryDirectory(prefix="paretorec-testing-") as name:
        return _work(Path(name), registry, jobs)


def restored(registry: Registry, kind: str, ref: ComponentRef, state: State) -> dict[str, Array]:
    """What the component answers in a new process, where it was made of `state` as it is saved; or `Broken`."""
    job = {"kind": kind, "ref": ref.model_dump(mode="json"), "state": "state"}
    with tempfile.TemporaryDirectory(prefix="paretorec-testing-") as name:
        folder = Path(name)
        write_state(folder, "state", state)
        error = _work(folder, registry, [job])[0]
        if error:
            broken(f"in a new process: {error}")
        return read_arrays(folder / "answer.safetensors")


def _work(folder: Path, registry: Registry, jobs: list[dict[str, Any]]) -> list[str]:
    """One error a job; empty: none."""
    write_json(folder / "jobs.json", {"registry": registry.snapshot(), "jobs": jobs})
    _python("-m", "paretorec.testing.worker", str(folder))
    errors: list[str] = read_json(folder / "errors.json")
    return errors


def _python(*arguments: str) -> str:
    """stdout of a new interpreter that finds the same modules; `Broken` where it fails."""
    path = os.pathsep.join(entry for entry in sys.path if entry)
    done = subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
        env={**os.environ, "PYTHONPATH": path},
    )
    if done.returncode:
        broken(f"a new process ended with {(done.stderr.strip().splitlines() or ['no message'])[-1]}")
    return done.stdout
