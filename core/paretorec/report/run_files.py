"""The JSON files of a run folder: everything that the report knows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from paretorec.errors import ArtifactError


@dataclass(frozen=True)
class RunFiles:
    """Parsed JSON; a file that is absent is empty, except `front`."""

    name: str
    front: Mapping[str, Any]
    search: Mapping[str, Any] = field(default_factory=dict)
    data: Mapping[str, Any] = field(default_factory=dict)
    pick: Mapping[str, Any] = field(default_factory=dict)
    examples: tuple[Mapping[str, Any], ...] = ()
    config: Mapping[str, Any] = field(default_factory=dict)
    manifest: Mapping[str, Any] = field(default_factory=dict)


def read_run(run: Path) -> RunFiles:
    """Read a run folder. Raises `ArtifactError` naming the file that is missing or damaged."""
    if not run.is_dir():
        raise ArtifactError(f"{run} is not a run folder; give the folder that `paretorec run --out` wrote")
    front = _read(run / "front.json", dict)
    if not front:
        raise ArtifactError(f"{run / 'front.json'} is missing; finish the run with `paretorec run CONFIG --resume`")
    return RunFiles(
        name=run.resolve().name,
        front=front,
        search=_read(run / "search.json", dict),
        data=_read(run / "data.json", dict),
        pick=_read(run / "pick.json", dict),
        examples=tuple(_read(run / "examples.json", list)),
        config=_read(run / "config.json", dict),
        manifest=_read(run / "manifest.json", dict),
    )


def _read(path: Path, kind: type) -> Any:
    if not path.exists():
        return kind()
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:
        raise ArtifactError(f"{path} cannot be read as JSON ({error}); restore the file or run again") from error
    if not isinstance(found, kind):
        raise ArtifactError(
            f"{path} holds a {type(found).__name__} where the report expects a {kind.__name__}; run again"
        )
    return found
