"""What stands in a run's folder, file by file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from paretorec.artifact import read_arrays, read_json, seal, write_arrays, write_atomic, write_json, write_state
from paretorec.bundle import Bundle
from paretorec.contracts.dataset import Dataset
from paretorec.data.saved import save_dataset
from paretorec.fitting import states
from paretorec.front import Change, Front, ObjectiveInfo, Point
from paretorec.record import Record
from paretorec.report import write_report


def write_run(folder: Path, data: Dataset, bundle: Bundle, ident: str, front: Front, record: Record) -> None:
    """Write everything into `folder` and seal it with the manifest."""
    save_dataset(folder / "data", data)
    for name, state in states(bundle).items():
        write_state(folder / "states", name, state)
    write_json(folder / "config.json", record.config.model_dump(mode="json"))
    write_json(folder / "run.json", record.run_fields)
    write_front(folder, front, record.requests)
    write_json(folder / "search.json", record.search)
    write_json(folder / "data.json", record.data)
    write_json(folder / "pick.json", record.pick)
    write_json(folder / "explain.json", dict(front.explanations))
    if record.pick.get("policy"):
        write_json(folder / "policy.json", record.pick["policy"])
    seal(folder, record.to_manifest(ident))
    write_report(folder)


def front_json(front: Front, requests: dict[str, Any]) -> dict[str, Any]:
    """The front as programs read it: `paretorec front RUN --json`."""

    def point(p: Point) -> dict[str, Any]:
        return {
            "id": p.id,
            "policy": dict(p.policy),
            "select": dict(p.select),
            "errors": dict(p.errors),
            "certify": {name: change.to_json() for name, change in p.certify.items()},
        }

    return {
        "protocol": front.protocol,
        "confidence": front.confidence,
        "certified": front.certified,
        "uncertified": front.uncertified,
        "requests": requests,
        "objectives": [
            {"name": o.name, "direction": o.direction, "unit": o.unit, "label": o.label} for o in front.objectives
        ],
        "baseline": front.baseline,
        "points": [point(p) for p in front.points],
        "baselines": [point(p) for p in front.baselines],
        "optimism": dict(front.optimism),
    }


def write_front(folder: Path, front: Front, requests: dict[str, Any]) -> None:
    """``front.json``, the same as a table in ``front.parquet``, and the sorted max-t values."""
    import pandas as pd

    document = front_json(front, requests)
    write_json(folder / "front.json", document)
    write_arrays(folder / "front.safetensors", {name: np.asarray(values) for name, values in front.max_t.items()})
    flat = pd.json_normalize([*document["points"], *document["baselines"]], max_level=3)
    keep = [column for column in flat.columns if column.split(".")[0] in ("id", "select", "errors", "certify")]
    parameters = [column for column in flat.columns if column.startswith("policy.parameters.")]
    table = flat[[*keep, *parameters]].assign(kind=["point"] * len(front.points) + ["baseline"] * len(front.baselines))
    write_atomic(folder / "front.parquet", lambda temporary: table.to_parquet(temporary, index=False))


def read_front(folder: Path) -> Front:
    """What `write_front` wrote."""
    document = read_json(folder / "front.json")

    def point(values: dict[str, Any]) -> Point:
        certify = {name: Change.from_json(change) for name, change in values["certify"].items()}
        return Point(values["id"], values["policy"], values["select"], values["errors"], certify)

    return Front(
        objectives=tuple(ObjectiveInfo(**objective) for objective in document["objectives"]),
        baseline=document["baseline"],
        points=tuple(point(values) for values in document["points"]),
        baselines=tuple(point(values) for values in document["baselines"]),
        protocol=document["protocol"],
        confidence=document["confidence"],
        max_t=read_arrays(folder / "front.safetensors"),
        uncertified=document["uncertified"],
        requests=document["requests"]["certify"],
        users=document["requests"]["users"]["certify"],
        optimism=document.get("optimism", {}),
        explanations=read_json(explained) if (explained := folder / "explain.json").is_file() else {},
    )
