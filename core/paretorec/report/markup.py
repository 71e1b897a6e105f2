"""HTML and SVG elements as text that cannot be injected into: every string is escaped unless it is `Markup` already."""

from __future__ import annotations

import html
from collections.abc import Iterable


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


Child = str | int | float | None | Iterable["Child"]
"""What an element may hold; None is nothing."""

_VOID = frozenset({"br", "col", "hr", "input", "line", "link", "meta", "rect", "circle", "path", "use"})


def text(child: Child) -> Markup:
    """Escape `child`, or join the escaped members of an iterable."""
    if child is None:
        return Markup("")
    if isinstance(child, Markup):
        return child
    if isinstance(child, str | int | float):
        return Markup(html.escape(str(child)))
    return Markup("".join(text(part) for part in child))


def tag(element: str, /, *children: Child, **attributes: str | float | bool | None) -> Markup:
    """One element. In attribute names a last ``_`` is dropped, others become ``-``; None and False are left out."""
    written = []
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        attribute = key.rstrip("_").replace("_", "-")
        if value is True:
            written.append(f" {attribute}")
            continue
        shown = f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
        written.append(f' {attribute}="{html.escape(shown)}"')
    opening = f"{element}{''.join(written)}"
    if element in _VOID and not children:
        return Markup(f"<{opening}/>")
    return Markup(f"<{opening}>{text(children)}</{element}>")
