"""What changes for five example users."""

from __future__ import annotations

from collections import Counter
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
    lists = [(_shown(e.get("before") or ()), _shown(e.get("after") or ())) for e in examples]
    changed = [len(set(later) - set(earlier)) for earlier, later in lists]
    length = max(len(later) for _, later in lists)
    lead = (
        f"Lists by the baseline {view.baseline} and by {after}, for users drawn at random. "
        f"On average {sum(changed) / len(changed):.1f} of {length} items are new."
    )
    title = "What changes for five users" if len(examples) == 5 else "What changes for example users"
    return section("examples", title, lead, [_user(example, i + 1) for i, example in enumerate(examples)])


Shown = tuple[str, int]
"""A title and which of the items with that title it is: different items may share one."""


def _shown(entries: Sequence[Any]) -> list[Shown]:
    seen: Counter[str] = Counter()
    found = []
    for entry in entries:
        title = str(entry.get("item", "")) if isinstance(entry, Mapping) else str(entry)
        found.append((title, seen[title]))
        seen[title] += 1
    return found


def _user(example: Mapping[str, Any], number: int) -> Markup:
    before, after = _shown(example.get("before") or ()), _shown(example.get("after") or ())
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
            tag("div", tag("h4", "Before"), tag("ol", [_left(item, after) for item in before])),
            tag("div", tag("h4", "After"), tag("ol", [_came(item, i, before) for i, item in enumerate(after)])),
            class_="lists",
        ),
        class_="example",
    )


def _left(item: Shown, after: Sequence[Shown]) -> Markup:
    gone = item not in after
    return tag("li", tag("span", item[0]), tag("em", "left") if gone else None, class_="left" if gone else None)


def _came(item: Shown, rank: int, before: Sequence[Shown]) -> Markup:
    if item not in before:
        return tag("li", tag("span", item[0]), tag("em", "new"), class_="entered")
    moved = before.index(item) - rank
    if not moved:
        return tag("li", tag("span", item[0]))
    arrow, way = ("\u2191", "up") if moved > 0 else ("\u2193", "down")
    return tag("li", tag("span", item[0]), tag("em", f"{arrow}{abs(moved)}", aria_label=f"{way} {abs(moved)}"))
