"""A registry as a JSON document: what a worker process, or a frozen application without metadata, makes one from.

Closures do not travel; import strings do. Whatever can be named by one is in the document.
"""

from __future__ import annotations

import pkgutil
from dataclasses import asdict, replace
from typing import Any

from paretorec.contracts.component import ComponentSpec
from paretorec.errors import ConfigError


def spec_to_json(spec: ComponentSpec) -> dict[str, Any]:
    """A spec with import strings for its factory and its config. Raises `ConfigError` where there are none."""
    named = replace(
        spec,
        factory=import_string(spec.factory, f"the factory of {spec.name!r}"),
        config=import_string(spec.config, f"the config of {spec.name!r}"),
    )
    return {**asdict(named), "capabilities": sorted(spec.capabilities), "needs": list(spec.needs)}


def spec_from_json(document: dict[str, Any]) -> ComponentSpec:
    """What `spec_to_json` made."""
    changes = {"capabilities": frozenset(document["capabilities"]), "needs": tuple(document["needs"])}
    return ComponentSpec(**{**document, **changes})


def import_string(target: Any, what: str) -> str:
    """``"package.module:attribute"`` that leads to `target`. Raises `ConfigError` for what only this process has."""
    if isinstance(target, str):
        return target
    module = str(getattr(target, "__module__", ""))
    reference = f"{module}:{getattr(target, '__qualname__', '')}"
    try:
        found = None if module == "__main__" else pkgutil.resolve_name(reference)
    except (ImportError, AttributeError, ValueError):
        found = None
    if found is not target:
        raise ConfigError(
            f"{what} is {target!r}, which another process cannot import: define it at the top of a module of its own"
        )
    return reference
