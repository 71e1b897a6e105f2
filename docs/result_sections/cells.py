"""What the sections of the results page are made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Figures = Mapping[str, Any]


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A markdown table."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def number(value: float) -> str:
    return f"{value:.4g}"


def optional(value: float | None) -> str:
    return "" if value is None else number(value)


def origin(figures: Figures) -> str:
    """Machine, versions and seeds."""
    machine = figures["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in figures["versions"].items())
    seeds = ", ".join(map(str, figures["seeds"]))
    return (
        f"<sub>{machine['processor']}, {machine['cores']} cores, {machine['system']}; {versions}; seeds {seeds}</sub>"
    )


def promise(change: Figures) -> str:
    """``+8.2 % [+1.3]``."""
    unit = " %" if change["relative"] else ""
    bound = "" if change["low"] is None else f" [{change['low']:+.1f}]"
    return f"{change['change']:+.1f}{unit}{bound}"


def interval(change: Figures) -> str:
    """The change's own interval."""
    low, high = change["interval"] or (None, None)
    return "" if low is None else f"{low:+.1f} to {high:+.1f}"


def shown(quality: Figures) -> str:
    return f"{quality['ndcg@10']:.4f} ({quality['standard_error']:.4f})"


def hits(quality: Figures) -> str:
    return f"{quality['hit_rate@10']:.4f}"
