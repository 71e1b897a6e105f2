"""What the run learned from: rows read and dropped, the split, how much the candidates can reach."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from paretorec.report import numbers
from paretorec.report.layout import facts, scalar, section, table, tree, words
from paretorec.report.markup import Child, Markup, tag

KNOWN = frozenset({"read", "kept", "repaired", "dropped", "filled"})


def data_section(data: Mapping[str, Any]) -> Markup:
    """Three blocks; each is left out where the run says nothing about it."""
    blocks = [
        _rows(data.get("report") or {}),
        _candidates(data.get("candidates") or {}),
        _split(data.get("split") or {}),
    ]
    if not any(blocks):
        return Markup("")
    return section("data", "The data", "", tag("div", [b for b in blocks if b], class_="blocks"))


def _rows(report: Mapping[str, Any]) -> Markup:
    if not report:
        return Markup("")
    read, kept = report.get("read"), report.get("kept")
    rest = {key: item for key, item in report.items() if key not in KNOWN and item not in (None, {}, [])}
    share = f" ({numbers.percent(kept / read)})" if read and kept is not None else ""
    return tag(
        "div",
        tag("h3", "Rows"),
        facts([("read", scalar(read) if read is not None else None),
               ("kept", f"{scalar(kept)}{share}" if kept is not None else None)]),
        _reasons("Dropped", "reason", report.get("dropped") or {}),
        _reasons("Repaired", "repair", report.get("repaired") or {}),
        _fills(report.get("filled") or {}),
        tree(rest) if rest else None,
    )  # fmt: skip


def _reasons(title: str, what: str, counts: Mapping[str, Any]) -> Markup:
    if not counts:
        return tag("p", f"{title}: none.", class_="note")
    ordered = sorted(counts.items(), key=lambda pair: -pair[1])
    rows: Sequence[Sequence[Child]] = [(words(name), numbers.count(number)) for name, number in ordered]
    return table((what, "rows"), rows, caption=title, numeric=frozenset({1}))


def _fills(filled: Mapping[str, Any]) -> Markup:
    rows: list[Sequence[Child]] = []
    for column, fill in filled.items():
        known = fill if isinstance(fill, Mapping) else {"count": fill}
        rows.append((column, scalar(known.get("count")), scalar(known.get("value")) if "value" in known else "\u2013"))
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


def _split(split: Mapping[str, Any]) -> Markup:
    """Parts of the same shape as rows of one table, everything else as nested facts."""
    if not split:
        return Markup("")
    parts = {key: item for key, item in split.items() if isinstance(item, Mapping) and item and _flat(item)}
    rest = {key: item for key, item in split.items() if key not in parts}
    columns = list(dict.fromkeys(column for part in parts.values() for column in part))
    rows: list[Sequence[Child]] = [
        (words(name), *(scalar(part[c]) if c in part else "\u2013" for c in columns)) for name, part in parts.items()
    ]
    numeric = frozenset(
        i + 1 for i, c in enumerate(columns) if all(not isinstance(p.get(c), str) for p in parts.values())
    )
    return tag(
        "div",
        tag("h3", "Split"),
        tree(rest) if rest else None,
        table(("part", *(words(c) for c in columns)), rows, caption="Parts of the split", numeric=numeric),
        class_="across",
    )


def _flat(item: Mapping[str, Any]) -> bool:
    return not any(isinstance(value, Mapping) for value in item.values())
