"""What changes for five example users."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from paretorec.report.layout import section
from paretorec.report.markup import Markup, tag
from paretorec.report.view import FrontView

HISTORY = 12
"""Titles of the history that are shown; the latest come first."""


def examples_section(view: FrontView, examples: Sequence[Mapping[str, Any]]) -> Markup:
    """Lists before (the baseline) and after (the pick), with what entered and what left marked."""
    if not examples:
        return Markup("")
    picked = view.picked
    after = f"policy {picked.id}" if picked else "the new policy"
    changed = [len(_entered(e)) for e in examples]
    length = max((len(e.get("after") or ()) for e in examples), default=0)
    lead = (
        f"Lists by the baseline {view.baseline} and by {after}, for users drawn at random. "
        f"On average {sum(changed) / len(changed):.1f} of {length} items are new."
    )
    title = "What changes for five users" if len(examples) == 5 else "What changes for example users"
    return section("examples", title, lead, [_user(example, i + 1) for i, example in enumerate(examples)])


def _titles(entries: Sequence[Any]) -> list[str]:
    return [str(e.get("item", "")) if isinstance(e, Mapping) else str(e) for e in entries]


def _entered(example: Mapping[str, Any]) -> list[str]:
    before = set(_titles(example.get("before") or ()))
    return [title for title in _titles(example.get("after") or ()) if title not in before]


def _user(example: Mapping[str, Any], number: int) -> Markup:
    before, after = _titles(example.get("before") or ()), _titles(example.get("after") or ())
    history = [str(title) for title in example.get("history") or ()]
    more = f" and {len(history) - HISTORY} more" if len(history) > HISTORY else ""
    return tag(
        "article",
        tag("h3", example.get("user") or f"Example user {number}"),
        tag(
            "div",
            tag(
                "div",
                tag("h4", "History, latest first"),
                tag("p", ", ".join(history[:HISTORY]), more, class_="history"),
            ),
            tag("div", tag("h4", "Before"), tag("ol", [_left(t, after) for t in before])),
            tag("div", tag("h4", "After"), tag("ol", [_came(t, i, before) for i, t in enumerate(after)])),
            class_="lists",
        ),
        class_="example",
    )


def _left(title: str, after: Sequence[str]) -> Markup:
    gone = title not in after
    return tag("li", tag("span", title), tag("em", "left") if gone else None, class_="left" if gone else None)


def _came(title: str, rank: int, before: Sequence[str]) -> Markup:
    if title not in before:
        return tag("li", tag("span", title), tag("em", "new"), class_="entered")
    moved = before.index(title) - rank
    if not moved:
        return tag("li", tag("span", title))
    arrow, way = ("\u2191", "up") if moved > 0 else ("\u2193", "down")
    return tag("li", tag("span", title), tag("em", f"{arrow}{abs(moved)}", aria_label=f"{way} {abs(moved)}"))
