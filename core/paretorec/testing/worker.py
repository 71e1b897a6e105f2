"""``python -m paretorec.testing.worker FOLDER``: the new process of `paretorec.testing.processes`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from paretorec.artifact import read_json, read_state, write_arrays, write_json
from paretorec.contracts import ComponentRef
from paretorec.registry import Registry


def main(folder: Path) -> None:
    """Do what ``jobs.json`` says; ``errors.json`` says how it went."""
    todo = read_json(folder / "jobs.json")
    registry = Registry.from_snapshot(todo["registry"])
    write_json(folder / "errors.json", [_error(folder, registry, job) for job in todo["jobs"]])


def _error(folder: Path, registry: Registry, job: dict[str, Any]) -> str:
    try:
        component = registry.build(job["kind"], ComponentRef(**job["ref"])).component
        if "state" in job:
            _answer(folder, component, job)
    except Exception as error:
        return f"{type(error).__name__}: {' '.join(str(error).split())}"
    return ""


def _answer(folder: Path, component: Any, job: dict[str, Any]) -> None:
    from paretorec.testing.kinds import contract_of
    from paretorec.testing.world import tiny_shop

    learned: Any = contract_of(job["kind"])
    answers = learned.restored_answers(component, read_state(folder, job["state"]), tiny_shop())
    write_arrays(folder / "answer.safetensors", answers)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
