"""``python -m paretorec.testing.worker FOLDER``: the new process of `paretorec.testing.processes`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from paretorec.artifact import read_json, read_state, write_arrays, write_json
from paretorec.contracts import ComponentRef
from paretorec.registry import Registry


def main(folder: Path) -> None:
    """Do what ``job.json`` says; ``answer.json`` says how it went."""
    error = ""
    try:
        _work(folder, read_json(folder / "job.json"))
    except Exception as found:
        error = f"{type(found).__name__}: {' '.join(str(found).split())}"
    write_json(folder / "answer.json", {"error": error})


def _work(folder: Path, job: dict[str, Any]) -> None:
    registry = Registry.from_snapshot(job["registry"])
    component = registry.build(job["kind"], ComponentRef(**job["ref"])).component
    if job["restore"]:
        from paretorec.testing.kinds import contract_of
        from paretorec.testing.world import tiny_shop

        learned: Any = contract_of(job["kind"])
        answers = learned.restored_answers(component, read_state(folder, "state"), tiny_shop())
        write_arrays(folder / "answer.safetensors", answers)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
