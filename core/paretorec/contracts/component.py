"""What a plugin offers (ComponentSpec), what a configuration asks for (ComponentRef), who made it (Provenance)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, field_validator

API: Final = 1
"""The version of the contracts in this package; a spec names the one that it was written for."""

OLDEST_API: Final = 1
"""The oldest version of the contracts that this package still keeps."""

KINDS: Final = (
    "source",
    "splitter",
    "encoder",
    "index",
    "ranker",
    "evaluator",
    "objective",
    "policy",
    "rule",
    "optimizer",
    "observer",
)
"""Kinds of component, in the order of the flow."""

_PLURALS: Final = {"policy": "policies", "index": "indexes"}

GROUPS: Final = {kind: f"paretorec.{_PLURALS.get(kind, kind + 's')}" for kind in KINDS}
"""Kind -> entry-point group, e.g. ``encoder`` -> ``paretorec.encoders``."""

HOOKS: Final = {kind: group.replace(".", "_") for kind, group in GROUPS.items()}
"""Kind -> name of its collection hook, e.g. ``encoder`` -> ``paretorec_encoders``."""

NAME_PATTERN: Final = re.compile(r"^[a-z][a-z0-9-]*$")


class ComponentConfig(BaseModel):
    """Base of every component's configuration: unknown keys are errors, values never change, all is described."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


@dataclass(frozen=True, slots=True)
class ComponentSpec:
    """One component that a plugin offers. Import strings are resolved when the component is first used."""

    name: str
    """Equal to the entry-point name; lower case, digits and hyphens."""
    factory: Any
    """``"package.module:attribute"`` (or the callable itself); ``factory(config) -> component``."""
    config: Any
    """``"package.module:Model"`` (or the class itself), a subclass of `ComponentConfig`."""
    summary: str
    """One line for people who choose."""
    api: int = 1
    """Version of the contracts that the component was written for."""
    capabilities: frozenset[str] = field(default_factory=frozenset)
    """Flags that core acts on, such as ``vectors`` (encoder) or ``single`` (optimizer); ``random``, of any kind: what
    the component does depends on the seed that it is given."""
    needs: tuple[str, ...] = ()
    """Import names of optional dependencies."""
    install: str = ""
    """What to give to ``pip install`` when one of `needs` is missing, e.g. ``paretorec[fast]``."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a component comes from; travels with it into errors, manifests and checkpoints."""

    distribution: str
    version: str
    module: str
    builtin: bool = False

    def __str__(self) -> str:
        return " ".join(part for part in (self.distribution, self.version, f"({self.module})") if part)


class ComponentRef(BaseModel):
    """A component as a configuration names it; `params` are validated later by the plugin's own model."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    use: str = Field(description="Component name, or DISTRIBUTION/NAME for exactly that distribution's.")
    name: str = Field(default="", description="Instance name; default: the part of `use` after a slash.")
    params: dict[str, Any] = Field(default_factory=dict, description="The component's own configuration.")

    @field_validator("use")
    @classmethod
    def _plain(cls, use: str) -> str:
        if not use or use.count("/") > 1:
            raise ValueError("give a component's name, or DISTRIBUTION/NAME")
        return use

    @property
    def instance(self) -> str:
        """The name by which the rest of the configuration and the signals address this component."""
        return self.name or self.use.rsplit("/", 1)[-1]
