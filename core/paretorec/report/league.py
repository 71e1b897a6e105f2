"""The page of a search over models: a league table of hypervolume on held-out folds against CPU minutes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from paretorec.artifact import read_json, write_atomic
from paretorec.report import numbers
from paretorec.report.charts.labels import Box, dot, place
from paretorec.report.charts.scale import Scale, domain
from paretorec.report.layout import facts, section, table
from paretorec.report.markup import Child, Markup, tag
from paretorec.report.page import asset

LEFT, RIGHT, TOP, BOTTOM = 50.0, 16.0, 34.0, 44.0

ORDER = ("picked", "baseline", "signal", "point")
"""Roles of marks, by who is named first where names are crowded."""

Entry = Mapping[str, Any]
"""A row of ``league.json``."""


def write_league_page(folder: Path) -> Path:
    """Write `report.html` from the folder's ``league.json`` alone, and return its path. Raises `ArtifactError`."""
    page = folder / "report.html"
    text = render_league(read_json(folder / "league.json"))
    write_atomic(page, lambda temporary: temporary.write_text(text, encoding="utf-8"))
    return page


def render_league(league: Mapping[str, Any]) -> str:
    """The whole page as text."""
    document = tag(
        "html",
        tag(
            "head",
            tag("meta", charset="utf-8"),
            tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
            tag("meta", name="color-scheme", content="light dark"),
            tag("title", "League of models"),
            tag("style", Markup(asset("chart.css") + asset("page.css"))),
        ),
        tag("body", tag("main", _head(league), _chart_section(league), _table_section(league), _folds_section(league))),
        lang="en",
    )
    return f"<!doctype html>\n{document}\n"


def league_table(league: Mapping[str, Any]) -> list[dict[str, str]]:
    """The league as rows of text, the best first; contenders that did not see every fold come last."""
    return [
        {
            "contender": name_of(entry, league),
            "hypervolume": _spread(entry["hypervolume"], signed=False),
            "against as configured": _spread(entry["gain"], signed=True),
            "folds": str(len(entry["hypervolume"]["folds"])),
            "CPU minutes": _minutes(entry["cpu_minutes"]),
            "settings": "; ".join(filter(None, ("" if entry["rival"] else settings(entry["values"]), entry["note"]))),
        }
        for entry in ranked(league)
    ]


def ranked(league: Mapping[str, Any]) -> list[Entry]:
    """Complete entries by mean hypervolume, then the others by their gain on the folds that they saw."""
    count = len(league["folds"])

    def rank(entry: Entry) -> tuple[bool, float]:
        complete = len(entry["hypervolume"]["folds"]) == count
        worth = entry["hypervolume"]["mean"] if complete else entry["gain"]["mean"]
        return not complete, -(worth if worth is not None else -1e300)

    return sorted(league["rows"], key=rank)


def name_of(entry: Entry, league: Mapping[str, Any]) -> str:
    """A contender's name, with the models that a rival was given where these are not those as configured."""
    chosen = " (chosen)" if entry["trial"] == league["winner"]["trial"] and not entry["rival"] else ""
    models = f", models of trial {entry['trial']}" if entry["rival"] and entry["trial"] else ""
    return f"{entry['name']}{models}{chosen}"


def settings(values: Mapping[str, Any]) -> str:
    """What an entry sets, as TOML would say it, without the part of the keys that says nothing."""
    return ", ".join(f"{key.replace('.params.', '.')} = {_short(value)}" for key, value in values.items())


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _spread(summary: Mapping[str, Any], *, signed: bool) -> str:
    mean, deviation = summary["mean"], summary["deviation"]
    if mean is None:
        return "\u2013"
    shown = f"{mean:+.3f}" if signed else f"{mean:.3f}"
    return (shown if deviation is None else f"{shown} \u00b1 {deviation:.3f}").replace("-", numbers.MINUS)


def _minutes(minutes: float) -> str:
    return f"{minutes:.1f}" if minutes >= 10 else f"{minutes:.3f}" if minutes < 0.1 else f"{minutes:.2f}"


def _head(league: Mapping[str, Any]) -> Markup:
    winner = league["winner"]
    entry = next(e for e in league["rows"] if e["trial"] == winner["trial"] and not e["rival"])
    if winner["trial"]:
        gain = _spread(entry["gain"], signed=True)
        title = f"Chosen: {settings(winner['values'])}"
        said = f"Hypervolume {gain} over folds against the configuration as written."
    else:
        title = "No configuration was better than the one that is written"
        said = "Its mean hypervolume on the held-out folds is the largest."
    tried = numbers.counted(league["trials"], "configuration")
    return tag(
        "section",
        tag("h1", title, class_="long" if len(title) > 60 else None),
        tag("p", f"{said} It is the best of {tried} beside that one, so its own figure flatters it a little, and "
            "nothing is certified yet: no request of the certify window was looked at. This does it:", class_="reason"),
        tag("pre", tag("code", winner["command"])),
        class_="hero",
        id="winner",
    )  # fmt: skip


def _chart_section(league: Mapping[str, Any]) -> Markup:
    entries = [e for e in league["rows"] if len(e["hypervolume"]["folds"]) == len(league["folds"])]
    charts = [
        _chart(entries, league, width, height, variant)
        for width, height, variant in ((1120, 420, "wide"), (358, 340, "narrow"))
    ]
    return section(
        "league",
        "What it costs, and what it brings",
        "Hypervolume: how much of the space of objectives a front dominates, on requests that its search did not see; "
        "0 is the worst single signal of the configuration as written, 1 a policy as good as the best of them in "
        "everything. Bars: standard deviation, over folds, of the difference from the configuration as written. Dots: "
        "configurations. Open squares: simple rivals.",
        tag("figure", charts, class_="panel"),
    )


def _chart(entries: Sequence[Entry], league: Mapping[str, Any], width: int, height: int, variant: str) -> Markup:
    means = [e["hypervolume"]["mean"] for e in entries]
    spreads = [e["gain"]["deviation"] or 0.0 for e in entries]
    low, high = domain([m + s * d for m, d in zip(means, spreads, strict=True) for s in (-1, 1)])
    across = Scale(0, 1.06 * max((e["cpu_minutes"] for e in entries), default=1) or 1, LEFT, width - RIGHT)
    up = Scale(low, high, height - BOTTOM, TOP)
    floor, edge = height - BOTTOM, width - RIGHT
    taken = [dot(across(e["cpu_minutes"]), up(e["hypervolume"]["mean"]), 6) for e in entries]
    frame = Box(LEFT, TOP - 12, edge, floor)
    marks = []
    for entry in sorted(entries, key=lambda e: ORDER.index(_role(e, league))):
        x, y = across(entry["cpu_minutes"]), up(entry["hypervolume"]["mean"])
        role, name = _role(entry, league), name_of(entry, league)
        short = name.replace(" policies", "").replace(", models of", ",")
        label = place(short, x, y, 9, taken, frame, may_drop=role != "picked")
        away = abs(up(0) - up(1)) * (entry["gain"]["deviation"] or 0.0)
        square = entry["rival"] or not entry["trial"]
        marks.append(
            tag(
                "g",
                tag("title", f"{name}: {_spread(entry['hypervolume'], signed=False)}"),
                tag("g", tag("line", x1=x, x2=x, y1=y - away, y2=y + away), class_="bar"),
                tag("rect", class_="shape", x=x - 4.3, y=y - 4.3, width=8.6, height=8.6)
                if square
                else tag("circle", class_="shape", cx=x, cy=y, r=4.5),
                tag("text", short, class_=f"name {role}", x=label.x, y=label.y, text_anchor=label.anchor)
                if label
                else None,
                class_=f"mark {'point picked' if role == 'picked' else role}",
            )
        )
    return tag(
        "svg",
        tag("title", "hypervolume against CPU minutes"),
        tag("g", [
            [tag("line", class_="grid", x1=LEFT, x2=edge, y1=up(t), y2=up(t)) for t in up.ticks(5)],
            [tag("text", numbers.plain(t), class_="tick", x=LEFT - 7, y=up(t) + 3.8, text_anchor="end")
             for t in up.ticks(5)],
            [tag("text", numbers.plain(t), class_="tick", x=across(t), y=floor + 15, text_anchor="middle")
             for t in across.ticks(max(3, round(width / 120)))],
            tag("line", class_="rail", x1=LEFT, x2=edge, y1=floor, y2=floor),
            tag("text", "\u2191 hypervolume on held-out folds", class_="title", x=2, y=15),
            tag("text", "CPU minutes \u2192", class_="title", x=edge, y=floor + 36, text_anchor="end"),
        ], class_="frame", aria_hidden="true"),
        marks[::-1],
        class_=f"chart {variant}",
        viewBox=f"0 0 {width} {height}",
        role="img",
        aria_label="hypervolume against CPU minutes",
        xmlns="http://www.w3.org/2000/svg",
    )  # fmt: skip


def _role(entry: Entry, league: Mapping[str, Any]) -> str:
    if entry["rival"]:
        return "signal"
    if entry["trial"] == league["winner"]["trial"]:
        return "picked"
    return "point" if entry["trial"] else "baseline"


def _table_section(league: Mapping[str, Any]) -> Markup:
    rows = league_table(league)
    body: list[list[Child]] = []
    for row in rows:
        name, *figures, said = row.values()
        # Names on one line, settings on as many as they need: a table's cells do neither by themselves.
        first, last = tag("span", name, style="white-space: nowrap"), tag("span", said, style="white-space: normal")
        body.append([first, *figures, last])
    return section(
        "table",
        "The table",
        "Mean and standard deviation over folds. Minutes are those that a configuration would take on its own: what it "
        "shares with another is charged to both.",
        table(tuple(rows[0]), body, caption="League", numeric=frozenset({1, 2, 3, 4})),
    )


def _folds_section(league: Mapping[str, Any]) -> Markup:
    rows: list[list[Child]] = [
        [
            fold["name"],
            numbers.count(fold["fit_rows"]),
            numbers.count(fold["search"]["requests"]),
            numbers.count(fold["held_out"]["requests"]),
            numbers.count(fold["held_out"]["users"]),
        ]
        for fold in league["folds"]
    ]
    head = ("fold", "rows to fit", "requests to search on", "requests held out", "users held out")
    return section(
        "folds",
        "The folds",
        "Cut from what lies before the certify window.",
        facts([
            ("sampler", league["sampler"]),
            ("searched", ", ".join(league["keys"])),
            ("policies judged", f"{numbers.count(league['evaluations'])} a configuration and fold"),
            ("objectives", ", ".join(league["objectives"])),
            ("CPU minutes in all", _minutes(league["cpu_minutes"])),
        ]),
        table(head, rows, caption="Folds", numeric=frozenset({1, 2, 3, 4})),
    )  # fmt: skip
