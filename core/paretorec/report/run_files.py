"""The files of a run folder that the report is made of: everything that it knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from paretorec.artifact import read_arrays, read_json
from paretorec.contracts.run import Array
from paretorec.errors import ArtifactError


@dataclass(frozen=True)
class RunFiles:
    """Parsed files; one that is absent is empty, except `front`."""

    name: str
    front: Mapping[str, Any]
    search: Mapping[str, Any] = field(default_factory=dict)
    data: Mapping[str, Any] = field(default_factory=dict)
    pick: Mapping[str, Any] = field(default_factory=dict)
    explain: Mapping[str, Any] = field(default_factory=dict)
    config: Mapping[str, Any] = field(default_factory=dict)
    manifest: Mapping[str, Any] = field(default_factory=dict)
    max_t: Mapping[str, Array] = field(default_factory=dict)
    """``front.safetensors``: sorted max-t values by side, from which every bound is a look-up."""

    @property
    def wish(self) -> Mapping[str, Any]:
        """What the pick was to fulfil: ``maximize``, ``keep``, ``confidence``."""
        return self.pick.get("wish") or {}


def read_run(run: Path) -> RunFiles:
    """Read a run folder. Raises `ArtifactError` naming the file that is missing or damaged."""
    if not run.is_dir():
        raise ArtifactError(f"{run} is not a run's folder; name the one that `paretorec run CONFIG --out` made")
    front = read_json(run / "front.json")
    if not isinstance(front, dict):
        raise ArtifactError(f"{run / 'front.json'} does not hold a front; run again or restore it from a copy")
    return RunFiles(
        # A run is reported while it is still in its partial folder.
        name=run.resolve().name.removesuffix(".partial"),
        front=front,
        search=_optional(run / "search.json", dict),
        data=_optional(run / "data.json", dict),
        pick=_optional(run / "pick.json", dict),
        explain=_optional(run / "explain.json", dict),
        config=_optional(run / "config.json", dict),
        manifest=_optional(run / "manifest.json", dict),
        max_t=read_arrays(run / "front.safetensors") if (run / "front.safetensors").exists() else {},
    )


def _optional(path: Path, kind: type) -> Any:
    if not path.exists():
        return kind()
    found = read_json(path)
    if not isinstance(found, kind):
        raise ArtifactError(f"{path} does not hold a {kind.__name__}; run again or restore it from a copy")
    return found
