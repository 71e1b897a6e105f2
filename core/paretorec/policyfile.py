"""The policy file: a small JSON document that turns a bundle's signals into lists. Changing the served policy is
loading another one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from paretorec.artifact import read_json, write_json
from paretorec.config import Exploration
from paretorec.contracts.policy import Box
from paretorec.contracts.run import Array
from paretorec.errors import ArtifactError


class PolicyFile(BaseModel):
    """A servable policy."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    schema_: int = Field(default=1, alias="schema", le=1, description="Version of this document.")
    kind: str = Field(description="Policy component, DISTRIBUTION/NAME.")
    config: dict[str, Any] = Field(default_factory=dict, description="The component's own configuration.")
    parameters: dict[str, float] = Field(description="Parameter -> value.")
    signals: tuple[str, ...] = Field(description="Signals, in the order in which they are summed.")
    normalisers: dict[str, str] = Field(description="Signal -> normaliser.")
    explore: Exploration | None = Field(
        default=None, description="How served lists are varied at random; what was certified is the policy without it."
    )
    bundle: str = Field(description="Id of the bundle that the signals come from.")
    protocol: str = Field(default="", description="Fingerprint of the evaluation that the policy was judged by.")

    def theta(self, box: Box) -> Array:
        """float64 [D], in the box's order. Raises `ArtifactError` when the names differ."""
        if set(self.parameters) != set(box.names):
            raise ArtifactError(
                f"the policy has parameters {', '.join(sorted(self.parameters))}, "
                f"its kind {self.kind} wants {', '.join(sorted(box.names))}; pick a policy of this run"
            )
        return np.array([self.parameters[name] for name in box.names])

    def to_json(self) -> dict[str, Any]:
        return self.model_dump(by_alias=True, mode="json")

    def save(self, path: Path) -> None:
        """Write it, atomically."""
        write_json(path, self.to_json())

    @classmethod
    def load(cls, source: Path | str | Mapping[str, Any] | PolicyFile) -> PolicyFile:
        """From a file, a mapping or another policy. Raises `ArtifactError` with one sentence."""
        if isinstance(source, PolicyFile):
            return source
        if not isinstance(source, Mapping) and not Path(source).is_file():
            raise ArtifactError(f"policy file {source} does not exist; save one with `paretorec pick --save`")
        values = source if isinstance(source, Mapping) else read_json(Path(source))
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            first = error.errors()[0]
            what = "the value given" if isinstance(source, Mapping) else str(source)
            where = ".".join(str(part) for part in first["loc"]) or "the document"
            raise ArtifactError(
                f"{what} is not a policy: {where}: {first['msg'].lower()}; save one with `paretorec pick --save`"
            ) from error
