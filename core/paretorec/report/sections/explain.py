"""What a policy changes for people: items that gain and lose, whose lists change, five lists before and after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from paretorec.explanation import Example, Explanation, Group, Moved, Shown, explanation
from paretorec.report import numbers
from paretorec.report.layout import section
from paretorec.report.markup import Markup, tag
from paretorec.report.view import FrontView


def explain_section(view: FrontView, document: Mapping[str, Any]) -> Markup:
    """One explanation for every policy of the front; the script shows the selected one's, without it the pick's."""
    known = [mark for mark in view.points if mark.id in (document.get("points") or {})]
    if not known:
        return Markup("")
    shown = next((mark for mark in known if mark.picked), known[0])
    part = "certify" if document["part"] == "certify" else "select"
    users = "requests that the search never saw" if part == "certify" else "the requests that chose the policies"
    lead = f"Lists by the policy against those by the baseline {document['against']}, on {users}. "
    if part == "certify" and not view.certified:
        lead = f"As it was when the run was certified. {lead}"
    return section(
        "explain",
        "What changes for people",
        [lead, tag("span", "Shown for the policy that is chosen above.", class_="scripted")],
        [_policy(explanation(document, mark.id), mark is shown) for mark in known],
    )


def _policy(found: Explanation, shown: bool) -> Markup:
    groups = [_groups(by, groups, found.length) for by, groups in found.groups.items()]
    return tag(
        "div",
        tag("p", numbers.typeset(found.why), class_="summary"),
        tag("div", _moved("Items that gain most", found.gain), _moved("Items that lose most", found.lose),
            class_="columns moved"),
        tag("h3", "Whose lists change") if groups else None,
        tag("p", "New items a list (the bar), and the share of the lists that hold other items.", class_="note")
        if groups
        else None,
        tag("div", groups, class_="kinds"),
        tag("h3", "Users drawn at random") if found.examples else None,
        [_user(example) for example in found.examples],
        data_explain=found.point,
        hidden=not shown,
    )  # fmt: skip


def _moved(title: str, items: Sequence[Moved]) -> Markup:
    """Lists before and after, and a bar for the difference."""
    largest = max((abs(item.after - item.before) for item in items), default=1)
    rows = [
        tag(
            "li",
            tag("span", item.title, class_="what"),
            _bar(abs(item.after - item.before) / largest),
            tag("span", f"{numbers.count(item.before)} \u2192 {numbers.count(item.after)} lists", class_="said"),
        )
        for item in items
    ]
    return tag("div", tag("h4", title), tag("ul", rows, class_="changes") if rows else tag("p", "None.", class_="note"))


def _groups(by: str, groups: Sequence[Group], length: int) -> Markup:
    """New items a list as a bar, and the share of the lists that hold any."""
    rows = [
        tag(
            "li",
            tag("span", group.value, tag("small", f" {numbers.count(group.lists)} lists"), class_="what"),
            _bar(group.entered / max(length, 1)),
            tag("span", f"{group.entered:.1f} new, {numbers.percent(group.changed)}", class_="said"),
        )
        for group in groups
    ]
    return tag("div", tag("h4", f"By {by.replace('_', ' ')}"),
               tag("ul", rows, class_="changes"))  # fmt: skip


def _bar(share: float) -> Markup:
    filled = tag("rect", class_="weight", x=0, y=0, width=round(100 * share, 2), height=6)
    return tag("svg", filled, class_="weights", viewBox="0 0 100 6", preserveAspectRatio="none", aria_hidden="true")


def _user(example: Example) -> Markup:
    history = ", ".join(item.title for item in example.history) or "nothing yet"
    return tag(
        "article",
        tag("h4", example.user),
        tag(
            "div",
            tag("div", tag("h4", "History, latest first"), tag("p", history, class_="history")),
            tag("div", tag("h4", "Before"), tag("ol", [_left(item, example.after) for item in example.before])),
            tag("div", tag("h4", "After"),
                tag("ol", [_came(item, i, example.before) for i, item in enumerate(example.after)])),
            class_="lists",
        ),
        class_="example",
    )  # fmt: skip


def _left(item: Shown, after: Sequence[Shown]) -> Markup:
    gone = item not in after
    return tag("li", tag("span", item.title), tag("em", "left") if gone else None, class_="left" if gone else None)


def _came(item: Shown, rank: int, before: Sequence[Shown]) -> Markup:
    if item not in before:
        return tag("li", tag("span", item.title), tag("em", "new"), class_="entered")
    moved = before.index(item) - rank
    if not moved:
        return tag("li", tag("span", item.title))
    arrow, way = ("\u2191", "up") if moved > 0 else ("\u2193", "down")
    return tag("li", tag("span", item.title), tag("em", f"{arrow}{abs(moved)}", aria_label=f"{way} {abs(moved)}"))
