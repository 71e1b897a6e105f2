"""What a configuration key may be: type and bounds, from the pydantic field behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel

from paretorec.config import CandidatesConfig, PolicyConfig, RunConfig
from paretorec.configfile import NAMED_LISTS
from paretorec.contracts.component import ComponentRef
from paretorec.errors import ConfigError
from paretorec.registry import Registry
from paretorec.registry.explain import nearest

SECTIONS: Final = ("encoders", "candidates", "ranker", "policy", "optimizer")
"""What may differ between the configurations of one search; everything else says what is wanted, and of whom."""

FIXED: Final = ("candidates.mode",)
"""Keys within these sections that change what is judged."""


@dataclass(frozen=True)
class FieldType:
    """One key's type: ``integer``, ``number``, ``boolean``, ``choice`` or, where only lists make sense, ``other``."""

    kind: str
    choices: tuple[Any, ...] = ()
    """Of a choice."""
    low: float | None = None
    """Least value allowed, for numbers; None where there is none."""
    high: float | None = None


def find_field(key: str, config: RunConfig, registry: Registry) -> FieldType:
    """The field behind a key such as ``encoders.transformer.params.width``. Raises `ConfigError` naming the key."""
    section, _, rest = key.partition(".")
    if section not in SECTIONS or key in FIXED:
        known = nearest(section, SECTIONS) if section not in RunConfig.model_fields else ""
        why = known or f", which would change what is judged; it may vary {', '.join(SECTIONS)}"
        raise ConfigError(f"tune.space: {key!r} is no key that tune can vary{why}")
    path = tuple(rest.split("."))
    if path[:2] == ("index", "params") and section == "candidates" and config.candidates.index is not None:
        resolved = registry.resolve("index", config.candidates.index.use, "candidates.index")
        return _walk(registry.model(resolved), path[2:], key, f" ({resolved})")
    if section == "candidates":
        return _walk(CandidatesConfig, path, key)
    ref, path = _component(config, section, path, key)
    if path[:1] != ("params",):
        return _walk(PolicyConfig if section == "policy" else ComponentRef, path, key)
    kind = section.removesuffix("s")
    resolved = registry.resolve(kind, ref.use, section)
    return _walk(registry.model(resolved), path[1:], key, f" ({resolved})")


def _component(
    config: RunConfig, section: str, path: tuple[str, ...], key: str
) -> tuple[ComponentRef, tuple[str, ...]]:
    found = getattr(config, section)
    if section in NAMED_LISTS:
        refs = {ref.instance: ref for ref in found}
        if path[0] not in refs:
            raise ConfigError(f"tune.space: {key!r}: {section} has no member {path[0]!r}{nearest(path[0], refs)}")
        return refs[path[0]], path[1:]
    if found is None:
        raise ConfigError(f"tune.space: {key!r}: the configuration has no [{section}]; add it, or leave the key out")
    return found, path


def _walk(model: type[BaseModel], path: tuple[str, ...], key: str, owner: str = "") -> FieldType:
    schema = model.model_json_schema()
    here: Mapping[str, Any] = schema
    for part in path:
        inner = here.get("properties", {})
        if part in inner:
            here = _plain(inner[part], schema)
        elif isinstance(here.get("additionalProperties"), Mapping):
            here = _plain(here["additionalProperties"], schema)
        else:
            raise ConfigError(f"tune.space: unknown key {key!r}{nearest(part, inner)}{owner}")
    if not path or "properties" in here:
        raise ConfigError(
            f"tune.space: {key!r} is a table; name one of its keys{nearest('', here['properties'])}{owner}"
        )
    return _field(here)


def _plain(schema: Mapping[str, Any], root: Mapping[str, Any]) -> Mapping[str, Any]:
    """Without references; an optional value as what it is where it is given."""
    if "$ref" in schema:
        return _plain(root["$defs"][schema["$ref"].rsplit("/", 1)[-1]], root)
    options = [option for option in schema.get("anyOf", ()) if option.get("type") != "null"]
    return _plain(options[0], root) if len(options) == 1 else schema


def _field(schema: Mapping[str, Any]) -> FieldType:
    if "enum" in schema:
        return FieldType("choice", tuple(schema["enum"]))
    kind = schema.get("type")
    if kind == "boolean":
        return FieldType("boolean", (False, True))
    if kind not in ("integer", "number"):
        return FieldType("other")
    low, high = schema.get("minimum"), schema.get("maximum")
    if kind == "integer":
        low = schema["exclusiveMinimum"] + 1 if "exclusiveMinimum" in schema else low
        high = schema["exclusiveMaximum"] - 1 if "exclusiveMaximum" in schema else high
    return FieldType(kind, (), low, high)
