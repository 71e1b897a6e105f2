"""Configuration models, and those that they are made of."""

from __future__ import annotations

from typing import Any, get_args

from pydantic import BaseModel

from paretorec.contracts.component import ComponentConfig, ComponentRef


def all_models(model: type[BaseModel]) -> list[type[BaseModel]]:
    """`model` and every model in the annotations of its fields, each once; core's own reference is left out."""
    found: dict[type[BaseModel], None] = {}
    pending: list[Any] = [model]
    while pending:
        one = pending.pop()
        if isinstance(one, type) and issubclass(one, BaseModel):
            if one not in found and one is not ComponentRef:
                found[one] = None
                pending.extend(field.annotation for field in one.model_fields.values())
        else:
            pending.extend(get_args(one))
    return list(found)


def first_example(model: type[ComponentConfig]) -> dict[str, Any]:
    """The first of the ``examples`` that the model's JSON schema has; empty: it has none."""
    extra = model.model_config.get("json_schema_extra")
    examples: Any = extra.get("examples", ()) if isinstance(extra, dict) else ()
    return dict(examples[0]) if examples else {}
