"""Charts: what stands where, and that right and up are always better."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from itertools import pairwise
from typing import Any

import pytest
import report_runs as runs
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from paretorec.report import front_svg
from paretorec.report.charts.labels import CHARACTER, LINE, Box, place
from paretorec.report.charts.lines import Curve, lines
from paretorec.report.charts.scale import Scale, domain
from paretorec.report.charts.scatter import scatter
from paretorec.report.frames import Frames
from paretorec.report.view import FrontView

SVG = "{http://www.w3.org/2000/svg}"
FINITE = st.floats(-1e6, 1e6, allow_nan=False)


@settings(deadline=None)
@given(FINITE, st.floats(1e-3, 1e6), st.integers(2, 10))
def test_ticks_are_round_even_and_inside(low: float, width: float, about: int) -> None:
    scale = Scale(low, low + width, 0, 100)
    assume(scale.high > scale.low)
    ticks = scale.ticks(about)
    assert 1 <= len(ticks) <= about + 1 or about == 2
    slack = 1e-6 * max(abs(scale.low), abs(scale.high), 1)
    assert all(scale.low - slack <= tick <= scale.high + slack for tick in ticks)
    steps = [b - a for a, b in pairwise(ticks)]
    assert all(step == pytest.approx(steps[0], abs=slack) for step in steps)


@settings(deadline=None)
@given(st.lists(FINITE | st.just(float("nan")), max_size=8))
def test_a_domain_holds_all_finite_values_and_is_never_empty(values: list[float]) -> None:
    low, high = domain(values)
    assert low < high
    assert all(low <= v <= high for v in values if math.isfinite(v))


@settings(deadline=None)
@given(st.text("abc.-", min_size=1, max_size=12), st.floats(60, 340), st.floats(60, 240))
def test_a_name_stays_inside_the_frame(name: str, x: float, y: float) -> None:
    frame = Box(0, 0, 400, 300)
    spot = place(name, x, y, 8, [], frame)
    assert spot is not None
    start = spot.x - {"start": 0.0, "middle": 0.5, "end": 1.0}[spot.anchor] * len(name) * CHARACTER
    assert frame.left <= start
    assert start + len(name) * CHARACTER <= frame.right
    assert frame.top + LINE / 2 <= spot.y <= frame.bottom


def test_a_name_that_would_cover_others_may_be_dropped() -> None:
    full = [Box(0, 0, 400, 300)]
    assert place("repeat", 200, 150, 8, list(full), full[0], may_drop=True) is None
    assert place("repeat", 200, 150, 8, list(full), full[0]) is not None


def _toward(name: str, direction: str, certified: bool) -> tuple[float, float]:
    """Pixels of two policies of which the second is better in the objective that lies across."""

    def entry(ident: str, cost: float, gain: float) -> dict[str, Any]:
        change = {"cost": 100 - cost if direction == "min" else cost - 100, "gain": gain}
        certify = {
            o: {"value": v, "change": change[o], "error": 1, "low": change[o] - 1, "high": change[o] + 1}
            for o, v in (("cost", cost), ("gain", gain))
        }
        return {"id": ident, "policy": {}, "select": {"cost": cost, "gain": gain}, "errors": {}, "certify": certify}

    better = 90 if direction == "min" else 110
    front = {
        "certified": certified,
        "uncertified": "" if certified else "few",
        "objectives": [{"name": "cost", "direction": direction}, {"name": "gain", "direction": "max"}],
        "baseline": "encoder.b",
        "points": [entry("p01", 100, 2.0), entry("p02", better, 1.0)],
        "baselines": [entry("encoder.b", 100, 1.5)],
    }
    view = FrontView.parse(front)
    x, y = (view.axis(o) for o in view.objectives)
    drawn = scatter(
        view.marks, x, y, [x, y], width=400, height=300, frame={m.id for m in view.marks}, origin="encoder.b"
    )
    found = {}
    for group in ET.fromstring(drawn).iter(f"{SVG}g"):
        circle = group.find(f"{SVG}circle[@class='shape']")
        if group.get("data-id") and circle is not None:
            found[group.get("data-id")] = float(circle.get("cx", "0"))
    return found["p01"], found["p02"]


@pytest.mark.parametrize("direction", ["max", "min"])
@pytest.mark.parametrize("certified", [True, False])
def test_right_is_better_in_either_direction(direction: str, certified: bool) -> None:
    worse, better = _toward("cost", direction, certified)
    assert better > worse


def test_signals_of_one_name_keep_their_family() -> None:
    front = runs.three_objectives()
    front["baselines"][1]["id"] = "objective.sales"
    labels = {m.id: m.label for m in FrontView.parse(front).marks}
    assert labels["objective.sales"] == "objective.sales"
    assert labels["ranker.sales"] == "ranker.sales"
    assert labels["encoder.repeat"] == "repeat"


def test_the_close_up_holds_pick_and_baseline_and_half_of_the_front() -> None:
    front = runs.three_objectives()
    pick = runs.pick_of(front)["point"]
    frames = Frames.of(FrontView.parse(front, pick))
    assert {pick, front["baseline"]} <= frames.near < frames.whole
    assert len(frames.near) == len(front["points"]) // 2 + 1


def test_a_small_front_has_no_close_up() -> None:
    front = runs.three_objectives()
    front["points"] = front["points"][:5]
    assert Frames.of(FrontView.parse(front)).near == frozenset()


@pytest.mark.parametrize("front", [runs.two_objectives, runs.three_objectives, runs.five_objectives, runs.uncertified])
def test_the_picture_of_a_front_stands_alone(front: Any) -> None:
    found = front()
    picture = ET.fromstring(front_svg(found, found["points"][0]["id"]))
    assert picture.tag == f"{SVG}svg"
    style = picture.find(f"{SVG}style")
    assert style is not None
    assert "prefers-color-scheme: dark" in (style.text or "")
    assert "url(" not in (style.text or "")
    drawn = {group.get("data-id") for group in picture.iter(f"{SVG}g")}
    assert {found["baseline"], found["points"][0]["id"]} <= drawn


def test_error_bars_reach_from_low_to_high() -> None:
    front = runs.two_objectives()
    view = FrontView.parse(front)
    x, y = (view.axis(o) for o in view.objectives)
    ids = {m.id for m in view.marks}
    drawn = ET.fromstring(scatter(view.marks, x, y, [x, y], width=700, height=540, frame=ids))
    bars = {
        group.get("data-id"): [float(line.get(k, "0")) for line in group for k in ("x1", "x2")][:2]
        for group in drawn.iter(f"{SVG}g")
        if group.get("class", "").startswith("bar ") or group.get("class") == "bar"
    }
    pixels = {}
    for ident in ("p01", "p05"):
        low, high = (front["points"][int(ident[1:]) - 1]["certify"]["relevance"][k] for k in ("low", "high"))
        pixels[ident] = (bars[ident][1] - bars[ident][0]) / (high - low)
    assert pixels["p01"] == pytest.approx(pixels["p05"], rel=0.01)


def test_curves_are_steps_named_at_their_ends() -> None:
    drawn = ET.fromstring(
        lines(
            [Curve("nsga2", (1, 2, 3), (0.1, 0.3, 0.4), True), Curve("random", (1, 2), (0.1, 0.2), False)],
            "n",
            "hv",
            width=540,
            height=300,
        )
    )
    paths = [path.get("d", "") for path in drawn.iter(f"{SVG}path")]
    assert [path.count("H") for path in paths] == [1, 2]
    names = [text.text for text in drawn.iter(f"{SVG}text") if (text.get("class") or "").startswith("name")]
    assert sorted(names, key=str) == ["nsga2", "random"]
