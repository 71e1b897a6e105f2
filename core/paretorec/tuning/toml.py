"""Writes a configuration as TOML; Python reads TOML and does not write it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

BARE = re.compile(r"[A-Za-z0-9_-]+")


def to_toml(values: Mapping[str, Any]) -> str:
    """JSON values as TOML: ``[table]`` and ``[[list of tables]]`` at the top, everything below them inline.

    Keys whose value is None are left out, since TOML has no null.
    """
    known = {key: value for key, value in values.items() if value is not None}
    lines = [f"{_key(key)} = {_value(value)}" for key, value in known.items() if not _is_table(value)]
    for key, value in known.items():
        if isinstance(value, Mapping):
            lines += ["", f"[{_key(key)}]", *_pairs(value)]
        elif _is_table(value):
            for member in value:
                lines += ["", f"[[{_key(key)}]]", *_pairs(member)]
    return "\n".join(lines).lstrip("\n") + "\n"


def _is_table(value: Any) -> bool:
    members = isinstance(value, list | tuple) and len(value) > 0 and all(isinstance(part, Mapping) for part in value)
    return isinstance(value, Mapping) or members


def _pairs(table: Mapping[str, Any]) -> list[str]:
    return [f"{_key(key)} = {_value(value)}" for key, value in table.items() if value is not None]


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        inner = ", ".join(_pairs(value))
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    raise TypeError(f"{value!r} is no JSON value")


def _key(key: str) -> str:
    return key if BARE.fullmatch(key) else _text(key)


def _text(text: str) -> str:
    # JSON's escapes are TOML's, but for the delete character, which TOML wants escaped, too.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
