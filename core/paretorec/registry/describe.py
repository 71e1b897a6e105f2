"""What a component can be told, for people: one document for `paretorec plugins show` and the generated reference."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from paretorec.registry.choose import Available
from paretorec.registry.load import missing
from paretorec.registry.resolve import Registry

REQUIRED: Final = "(required)"
"""Stands for the default of a field that has none."""


def describe(registry: Registry, kind: str, use: str) -> dict[str, Any]:
    """One component: who made it, what it is, its configuration (JSON values). Raises what resolving raises."""
    resolved = registry.resolve(kind, use)
    model = registry.model(resolved)
    return {
        **asdict(_entry(registry, resolved.kind, resolved.spec.name, resolved.provenance.distribution)),
        "summary": resolved.spec.summary,
        "capabilities": sorted(resolved.spec.capabilities),
        "needs": list(resolved.spec.needs),
        "missing": list(missing(resolved.spec)),
        "config": fields(model),
        "schema": model.model_json_schema(),
    }


def fields(model: type[BaseModel]) -> list[dict[str, Any]]:
    """Name, type, default and description of every field of a configuration model."""
    schema = model.model_json_schema()
    names = {name: field.alias or name for name, field in model.model_fields.items()}
    return [
        {
            "name": names[name],
            "type": type_of(schema["properties"][names[name]]),
            "default": REQUIRED if field.is_required() else _default(field),
            "description": field.description or "",
        }
        for name, field in model.model_fields.items()
    ]


def _default(field: FieldInfo) -> Any:
    """The default as JSON values; a section or a component as far as it differs from its own defaults."""
    value = field.get_default(call_default_factory=True, validated_data={})
    if isinstance(value, tuple):
        return [_plain(member) for member in value]
    return _plain(value)


def _plain(value: Any) -> Any:
    return value.model_dump(mode="json", exclude_defaults=True) if isinstance(value, BaseModel) else value


def type_of(schema: Mapping[str, Any]) -> str:
    """A JSON schema's type and limits in a few words, such as ``integer >= 1``."""
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    if "anyOf" in schema:
        return " | ".join(type_of(option) for option in schema["anyOf"])
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[-1]
    limits = {"minimum": ">=", "exclusiveMinimum": ">", "maximum": "<=", "exclusiveMaximum": "<"}
    words = [str(schema.get("type", "any"))]
    if words == ["array"] and "items" in schema:
        words = [f"array of {type_of(schema['items'])}"]
    return " ".join(words + [f"{sign} {schema[key]:g}" for key, sign in limits.items() if key in schema])


def _entry(registry: Registry, kind: str, name: str, distribution: str) -> Available:
    wanted = (kind, name, distribution)
    return next(e for e in registry.available() if (e.kind, e.name, e.distribution) == wanted)
