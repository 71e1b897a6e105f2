"""What a validation error says to a person: which key, which value, what would be right, in one sentence."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, get_args

from pydantic import BaseModel, ValidationError

SHOWN: Final = 3
"""Problems spelled out in one message; more are counted."""

_Part = int | str


def nearest(word: str, words: Iterable[str]) -> str:
    """``; did you mean 'width'?``, or what there is to choose from when nothing is near."""
    known = sorted(set(words))
    if not known:
        return ""
    near = difflib.get_close_matches(word, known, n=3, cutoff=0.5)
    if near:
        return f"; did you mean {' or '.join(map(repr, near))}?"
    return f"; there are {', '.join(known)}" if len(known) > 1 else f"; there is {known[0]}"


def explain(error: ValidationError, model: type[BaseModel], values: Mapping[str, Any], where: str = "") -> str:
    """All that is wrong with `values`, as one sentence; keys are written relative to `where`."""
    problems: dict[str, str] = {}
    for detail in error.errors(include_url=False):
        location = _location(detail["loc"], detail["type"], values)
        key = ".".join(map(str, ([where] if where else []) + list(location)))
        # A union reports one error for each of its members; the first one stands for the field.
        problems.setdefault(key, _sentence(key, location, detail, model))
    shown = list(problems.values())[:SHOWN]
    more = len(problems) - len(shown)
    return "; ".join(shown) + (f"; and {more} more" if more > 0 else "")


def _sentence(key: str, location: Sequence[_Part], detail: Any, model: type[BaseModel]) -> str:
    if detail["type"] == "extra_forbidden":
        owner = _model_at(model, location[:-1])
        return f"unknown key {key!r}{nearest(str(location[-1]), owner.model_fields) if owner else ''}"
    if detail["type"] == "missing":
        return f"key {key!r} is missing"
    message = detail["msg"].removeprefix("Value error, ")
    value = repr(detail["input"])
    return f"{key} = {value if len(value) <= 60 else value[:57] + '...'}: {message[:1].lower()}{message[1:]}"


def _location(raw: Sequence[_Part], kind: str, values: Any) -> tuple[_Part, ...]:
    """`raw` without the names of union members, which are no keys of the configuration."""
    location: list[_Part] = []
    here = values
    for depth, part in enumerate(raw):
        keys = here if isinstance(here, Mapping) else range(len(here)) if isinstance(here, list | tuple) else ()
        if part in keys:
            here = here[part]
        elif kind != "missing" or depth < len(raw) - 1:
            continue
        location.append(part)
    return tuple(location)


def _model_at(model: type[BaseModel], location: Sequence[_Part]) -> type[BaseModel] | None:
    here: type[BaseModel] | None = model
    for part in location:
        if isinstance(part, str) and here is not None and part in here.model_fields:
            here = _model_in(here.model_fields[part].annotation)
    return here


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((model for part in get_args(annotation) if (model := _model_in(part))), None)
