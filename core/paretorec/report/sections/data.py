"""What the run learned from: rows read and dropped, the split, how much the candidates can reach."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from paretorec.report import numbers
from paretorec.report.layout import facts, scalar, section, table, tree, words
from paretorec.report.markup import Child, Markup, tag

TOLD = frozenset({"read", "kept", "rows", "repaired", "dropped", "filled", "examples"})
"""Keys of the dataset report that have a place of their own; the others follow as they are."""


def data_section(data: Mapping[str, Any]) -> Markup:
    """Rows, candidates and split; each is left out where the run says nothing about it."""
    split: Mapping[str, Any] = data.get("split") or {}
    parts = {name: part for name, part in split.items() if isinstance(part, Mapping) and "requests" in part}
    rest = {name: fact for name, fact in split.items() if name not in parts}
    report: Mapping[str, Any] = data.get("report") or {}
    blocks = [
        _rows(report),
        _candidates(data.get("candidates") or {}),
        _searched(data.get("searched") or {}),
        tag("div", tag("h3", "Split"), tree(rest)) if rest else Markup(""),
        _dataset(report),
    ]
    below = _parts(parts)
    if not any(blocks) and not below:
        return Markup("")
    return section("data", "The data", "", tag("div", blocks, class_="blocks"), below)


def _rows(report: Mapping[str, Any]) -> Markup:
    if not report:
        return Markup("")
    read = report.get("read")
    tables: Mapping[str, Any] = read if isinstance(read, Mapping) else {"rows": read}
    total, kept = next(iter(tables.values()), None), report.get("kept", report.get("rows"))
    share = f" ({numbers.percent(kept / total)} of those read)" if total and kept is not None else ""
    return tag(
        "div",
        tag("h3", "Rows"),
        facts([
            *((f"{words(name)} read", scalar(n)) for name, n in tables.items() if n is not None),
            ("rows kept", f"{scalar(kept)}{share}" if kept is not None else None),
        ]),
        _dropped(report.get("dropped") or {}, report.get("examples") or {}),
        _repaired(report.get("repaired") or {}),
        _filled(report.get("filled") or {}),
    )  # fmt: skip


def _dataset(report: Mapping[str, Any]) -> Markup:
    rest = {key: item for key, item in report.items() if key not in TOLD and item not in (None, "", {}, [])}
    return tag("div", tag("h3", "Dataset"), tree(rest)) if rest else Markup("")


def _dropped(counts: Mapping[str, Any], examples: Mapping[str, Mapping[str, Any]]) -> Markup:
    if not counts:
        return tag("p", "Dropped: none.", class_="note")
    rows: list[Sequence[Child]] = []
    for reason, number in sorted(counts.items(), key=lambda pair: -pair[1]):
        first = examples.get(reason) or {}
        where = f"row {scalar(first['row'])}" if "row" in first else ""
        rows.append((words(reason), numbers.count(number), f"{where}: {first['value']}" if "value" in first else where))
    if not examples:
        return table(("reason", "rows"), [row[:2] for row in rows], caption="Dropped", numeric=frozenset({1}))
    return table(("reason", "rows", "the first"), rows, caption="Dropped", numeric=frozenset({1}))


def _repaired(counts: Mapping[str, Any]) -> Markup:
    if not counts:
        return tag("p", "Repaired: none.", class_="note")
    ordered = sorted(counts.items(), key=lambda pair: -pair[1])
    rows = [(words(what), numbers.count(number)) for what, number in ordered]
    return table(("repair", "values"), rows, caption="Repaired", numeric=frozenset({1}))


def _filled(filled: Mapping[str, Any]) -> Markup:
    rows: list[Sequence[Child]] = []
    for column, fill in filled.items():
        known = fill if isinstance(fill, Mapping) else {"rows": fill}
        value = known.get("with", known.get("value"))
        rows.append(
            (column, scalar(known.get("rows", known.get("count"))), "empty" if value in (None, "") else scalar(value))
        )
    return table(("column", "filled", "with"), rows, caption="Missing values filled", numeric=frozenset({1}))


def _candidates(candidates: Mapping[str, Any]) -> Markup:
    if not candidates:
        return Markup("")
    recall: Mapping[str, Mapping[str, float]] = candidates.get("recall") or {}
    measures = sorted({measure for entry in recall.values() for measure in entry}, key=lambda m: (m != "count", m))
    rows: list[Sequence[Child]] = [
        (part, *(numbers.percent(entry.get(measure)) for measure in measures)) for part, entry in recall.items()
    ]
    note = "Share of what users took within the horizon that a policy could have listed: a ceiling for every policy."
    return tag(
        "div",
        tag("h3", "Candidates"),
        facts([("mode", candidates.get("mode")), ("a request", scalar(candidates.get("size") or ""))]),
        table(("recall on", *(f"by {m}" for m in measures)), rows, caption="Recall of the candidates",
              numeric=frozenset(range(1, len(measures) + 1))),
        tag("p", note, class_="note") if rows else None,
    )  # fmt: skip


def _searched(searched: Mapping[str, Any]) -> Markup:
    """Nothing where the search looked at every select request."""
    if not searched or searched["requests"] == searched["of_requests"]:
        return Markup("")
    some, whole, users = (numbers.count(searched[key]) for key in ("requests", "of_requests", "users"))
    text = (
        f"The search looked at {some} of {whole} select requests, all those of {users} users drawn at random: "
        f"{searched['why']}."
    )
    return tag("div", tag("h3", "Sample"), tag("p", text))


def _parts(parts: Mapping[str, Mapping[str, Any]]) -> Markup:
    """The request sets of the split as rows of one table; what a part does not say is a dash."""
    columns = list(dict.fromkeys(column for part in parts.values() for column in part))
    rows: list[Sequence[Child]] = [
        (words(name), *(scalar(part[c]) if c in part else "\u2013" for c in columns)) for name, part in parts.items()
    ]
    texts = {c for c in columns if any(isinstance(part.get(c), str) for part in parts.values())}
    numeric = frozenset(i + 1 for i, c in enumerate(columns) if c not in texts)
    return table(("part", *(words(c) for c in columns)), rows, caption="Requests by part", numeric=numeric)
