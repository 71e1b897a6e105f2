"""Building blocks that every section uses: headed sections, tables, definition lists, nested facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from paretorec.report import numbers
from paretorec.report.markup import Child, Markup, tag


def section(name: str, title: str, lead: Child, *children: Child) -> Markup:
    """A section with an anchor, a heading and a sentence that says what is seen."""
    return tag(
        "section",
        tag("header", tag("h2", title), tag("p", lead, class_="lead") if lead else None),
        *children,
        id=name,
    )


def table(
    head: Sequence[str], rows: Sequence[Sequence[Child]], *, caption: str, numeric: frozenset[int] = frozenset()
) -> Markup:
    """A plain table; columns in `numeric` are set flush right. Scrolls on its own where it is too wide."""
    if not rows:
        return Markup("")

    def cell(column: int, child: Child) -> Markup:
        if column == 0:
            return tag("th", child, scope="row")
        return tag("td", child, class_="number" if column in numeric else None)

    return tag(
        "div",
        tag(
            "table",
            tag("caption", caption),
            tag("thead", tag("tr", [
                tag("th", title, scope="col", class_="number" if i in numeric else None) for i, title in enumerate(head)
            ])),
            tag("tbody", [tag("tr", [cell(i, child) for i, child in enumerate(row)]) for row in rows]),
        ),
        class_="scroll",
        tabindex="0",
        role="region",
        aria_label=caption,
    )  # fmt: skip


def facts(pairs: Sequence[tuple[Child, Child]]) -> Markup:
    """Term and description side by side; pairs without a description are left out."""
    kept = [(term, said) for term, said in pairs if said not in (None, "")]
    if not kept:
        return Markup("")
    return tag("dl", [tag("div", tag("dt", term), tag("dd", said)) for term, said in kept], class_="facts")


def folded(summary: Child, *children: Child) -> Markup:
    """What most readers skip."""
    return tag("details", tag("summary", summary), *children)


def tree(found: Mapping[str, Any]) -> Markup:
    """Nested facts of any shape: scalars as a list, mappings of mappings as tables of their own."""
    scalars = [(words(key), scalar(item)) for key, item in found.items() if not isinstance(item, Mapping)]
    nested = [(key, item) for key, item in found.items() if isinstance(item, Mapping) and item]
    parts = [facts(scalars)]
    for key, item in nested:
        parts.append(tag("div", tag("h4", words(key)), tree(item), class_="branch"))
    return tag("div", parts, class_="tree")


def words(key: str) -> str:
    """A JSON key as people write it."""
    return str(key).replace("_", " ")


def scalar(item: Any) -> str:
    """A JSON value for people: counts with thousands marked, moments as dates."""
    if item is None:
        return "none"
    if isinstance(item, bool):
        return "yes" if item else "no"
    if isinstance(item, int):
        return numbers.date(item) if numbers.is_moment(item) else numbers.count(item)
    if isinstance(item, float):
        return numbers.count(item) if item.is_integer() and abs(item) >= 1000 else numbers.value(item)
    if isinstance(item, list | tuple):
        return ", ".join(scalar(part) for part in item)
    return str(item)
