"""Lengths of time as text: ``7d``, ``12h``, ``30min``."""

from __future__ import annotations

import re
from typing import Annotated, Final

from pydantic import AfterValidator

UNITS: Final = {"w": 604_800_000, "d": 86_400_000, "h": 3_600_000, "min": 60_000, "s": 1000, "ms": 1}
_PATTERN = re.compile(r"(\d+(?:\.\d+)?)\s*(w|d|h|min|s|ms)")


def milliseconds(text: str) -> int:
    """``"7d"`` -> 604800000. Raises ValueError for anything but a number above 0 and a unit."""
    match = _PATTERN.fullmatch(text.strip())
    length = round(float(match[1]) * UNITS[match[2]]) if match else 0
    if length < 1:
        raise ValueError(f"{text!r} is not a duration: give a number and one of {', '.join(UNITS)}, such as 7d")
    return length


def duration_text(ms: int) -> str:
    """604800000 -> ``"7d"``."""
    unit = next(unit for unit in ("d", "h", "min", "s", "ms") if ms % UNITS[unit] == 0)
    return f"{ms // UNITS[unit]}{unit}"


def _check(text: str) -> str:
    if text:
        milliseconds(text)
    return text


Duration = Annotated[str, AfterValidator(_check)]
"""A duration, or the empty text where the field has a default of its own."""
