"""Plugins whose packaging or configuration is broken in one way each; what they do is sound."""

from __future__ import annotations

from typing import Any

from broken_twins import Twin, twin
from pydantic import BaseModel, ConfigDict, Field
from sound_components import Rule

from paretorec.contracts import ComponentConfig
from paretorec.registry import Candidate, Registry


def installed(check: str, wrong: str, module: str) -> Twin:
    """What an installed distribution `acme` offers with an entry point ``rule`` that leads to `module`."""
    registry = Registry([Candidate("rule", "rule", "acme", "1.0", module)], files=())
    return Twin(check, wrong, "rule", "acme/rule", {"registry": registry})


class Nested(BaseModel):
    """Not a ComponentConfig: it takes every key."""

    model_config = ConfigDict(frozen=True)

    size: int = Field(default=1, description="A number.")


class LooseConfig(ComponentConfig):
    nested: Nested = Field(default=Nested(), description="A part.")


class ChangingConfig(ComponentConfig):
    model_config = ConfigDict(frozen=False)

    width: int = Field(default=4, description="A number.")


class SilentConfig(ComponentConfig):
    width: int = 4


class Opaque:
    """Nothing that JSON knows."""


class OpaqueConfig(ComponentConfig):
    model_config = ConfigDict(arbitrary_types_allowed=True)

    inner: Opaque | None = Field(default=None, description="A part.")


class WritingConfig(ComponentConfig):
    model_config = ConfigDict(json_schema_extra={"examples": [{"width": 4}]})

    width: int = Field(default=4, description="A number.")
    calls: Any = Field(default_factory=object, description="A part.")


def _closure():
    class Local(Rule):
        pass

    return Local


class Refusing(Rule):
    """Raises what nobody meant for people."""

    def __init__(self, config):
        raise KeyError("width")


TWINS = [
    installed("package.loads", "offers another name than its entry point", "plugin_of_another_name"),
    installed("package.light-import", "imports pandas in its light module", "plugin_that_is_heavy"),
    twin("package.summary", Rule, "says nothing about itself", kind="rule", summary=""),
    twin("package.builds", Refusing, "cannot be made of its own defaults", kind="rule"),
    twin("package.worker", _closure(), "is made inside a function, where no other process finds it", kind="rule"),
    twin("config.extra-forbidden", Rule, "has a part that takes every key", kind="rule", config=LooseConfig),
    twin("config.frozen", Rule, "can be changed after validation", kind="rule", config=ChangingConfig),
    twin("config.described", Rule, "does not say what its field means", kind="rule", config=SilentConfig),
    twin("config.schema", Rule, "has a field that no JSON schema describes", kind="rule", config=OpaqueConfig),
    twin("config.round-trip", Rule, "has a default that JSON cannot write", kind="rule", config=WritingConfig),
]
