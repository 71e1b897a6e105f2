"""The report as a file: complete, self-contained, honest about what is missing, safe against what names contain."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from random import Random
from typing import Any

import pytest
import report_runs as runs
from hypothesis import given, settings
from hypothesis import strategies as st

from paretorec.errors import ArtifactError
from paretorec.report import numbers, write_report
from paretorec.report.page import render
from paretorec.report.run_files import RunFiles

FRONTS = {
    "three": runs.three_objectives,
    "five": runs.five_objectives,
    "two": runs.two_objectives,
    "uncertified": runs.uncertified,
}
VOID = {"meta", "br", "line", "rect", "circle", "path", "input"}


class Page(HTMLParser):
    """Text, attributes and nesting of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.hidden = ""
        self.data = ""
        """What stands in a script element that is no script but JSON."""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += attrs
        if tag not in VOID:
            self.open.append("json" if ("type", "application/json") in attrs else tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() in {tag, "json"}

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "json":
            self.data += data
        elif self.open and self.open[-1] in {"style", "script"}:
            self.hidden += data
        else:
            self.text += data


def page_of(front: dict[str, Any], **files: Any) -> str:
    content = {
        "search": runs.search_log(), "data": runs.data_report(), "explain": runs.explain(front),
        "max_t": runs.max_t(front), "config": runs.config(), "manifest": runs.manifest(), **files,
    }  # fmt: skip
    return render(RunFiles(name="groceries", front=front, **content))


@pytest.mark.parametrize("name", FRONTS)
def test_a_page_is_well_formed_and_asks_the_network_for_nothing(name: str) -> None:
    front = FRONTS[name]()
    page = Page(page_of(front, pick=runs.pick_of(front)))
    assert page.open == []
    loads = [(key, value) for key, value in page.attributes if key in {"src", "srcset", "data", "action", "poster"}]
    assert loads == []
    links = [value for key, value in page.attributes if key in {"href", "xlink:href"}]
    assert all(value and value.startswith(("#", "data:application/json;")) for value in links)
    assert not any(word in page.hidden for word in ("@import", "url(", "http:", "https:", "fetch(", "XMLHttpRequest"))


def test_the_pick_its_sentence_and_its_bounds_come_first() -> None:
    front = runs.three_objectives()
    pick = runs.pick_of(front)
    first, rest = page_of(front, pick=pick).split('<section id="front">')
    page = Page(first[first.index("<section") :])
    assert numbers.typeset(pick["why"]) in page.text
    assert "Certified at 95" in page.text
    for change in pick["certify"].values():
        assert f"at least {'+' if change['low'] > 0 else '−'}{abs(change['low']):.1f}" in page.text
    assert "5,210 requests of 1,092 users" in page.text
    assert (
        "could certify are about relevance (replay) +1.4\u202f%, sales (replay) +1.4\u202f% and diversity" in page.text
    )
    assert 'id="policies"' in rest


@pytest.mark.parametrize(("keep", "tick"), [("-2%", -2.0), ("-0.0031", 100 * -0.0031 / 0.309487)])
def test_the_wish_is_marked_at_the_same_place_in_percent_or_in_the_unit(keep: str, tick: float) -> None:
    front = runs.three_objectives()
    pick = runs.pick_of(front)
    pick["wish"]["keep"]["relevance"] = keep
    first = page_of(front, pick=pick).split('<section id="front">')[0]
    figure = next(part for part in first.split('<div class="figure') if "Relevance" in part)
    at = {kind: float(re.search(rf'class="{kind}" x1="([\d.]+)"', figure)[1]) for kind in ("zero", "bound")}
    change = front["points"][5]["certify"]["relevance"]
    assert front["points"][5]["id"] == pick["point"]
    dot = float(re.search(r'class="dot" cx="([\d.]+)"', figure)[1])
    pixels_per_percent = (dot - at["zero"]) / change["change"]
    assert at["bound"] == pytest.approx(at["zero"] + tick * pixels_per_percent, abs=0.1)


def test_every_policy_and_baseline_is_in_the_table_with_both_parts() -> None:
    front = runs.three_objectives()
    table = page_of(front).split('<section id="policies">')[1].split("</section>")[0]
    text = Page(table).text
    for entry in [*front["points"], *front["baselines"]]:
        assert f'data-select="{entry["id"]}"' in table
    point = front["points"][4]
    assert f"{point['select']['sales']:.2f}" in text
    change = point["certify"]["sales"]["change"]
    assert f"{'+' if change > 0 else '−'}{abs(change):.1f}" in text


def test_an_uncertified_run_says_why_and_promises_nothing() -> None:
    front = runs.uncertified()
    text = Page(page_of(front, pick=runs.pick_of(front))).text
    assert front["uncertified"] in text
    assert "Not certified" in text
    assert "at least" not in text
    assert "Certified at" not in text


def test_changes_of_an_uncertified_run_are_not_shown_as_certified() -> None:
    front = runs.three_objectives() | {"certified": False, "uncertified": "too few requests"}
    assert "at least" not in Page(page_of(front)).text


def test_no_policy_qualifies_is_said_in_the_first_place() -> None:
    pick = runs.none_qualifies()
    text = Page(page_of(runs.three_objectives(), pick=pick)).text
    assert "No policy qualifies" in text
    assert numbers.typeset(pick["why"]) in text


def explained(front: dict[str, Any], titles: dict[str, str], before: list[str], after: list[str]) -> dict[str, Any]:
    """One example user's lists of every policy."""
    document = runs.explain(front, users=1)
    document["items"] |= titles
    document["examples"] = [{"history": before[:1], "before": before}]
    for entry in document["points"].values():
        entry["after"] = [after]
    return document


def test_examples_mark_what_came_and_what_left() -> None:
    front = runs.three_objectives()
    titles = {"t": "tea", "m": "milk", "j": "jam"}
    page = page_of(front, explain=explained(front, titles, ["t", "m"], ["j", "t"]))
    section = page.split('<section id="explain">')[1]
    assert '<li class="left"><span>milk</span><em>left</em></li>' in section
    assert '<li class="entered"><span>jam</span><em>new</em></li>' in section
    assert '<em aria-label="down 1">' in section


def test_items_that_share_a_title_are_told_apart() -> None:
    front = runs.three_objectives()
    titles = {"t": "tea", "m": "milk", "u": "tea", "v": "tea"}
    document = explained(front, titles, ["t", "m", "u"], ["u", "v", "t"])
    section = page_of(front, explain=document).split('data-explain="p01"')[1].split("data-explain")[0]
    assert section.count('class="entered"') == section.count('class="left"') == 1
    assert '<em aria-label="up 2">' in section


def test_every_policy_is_explained_and_the_picks_is_shown() -> None:
    front = runs.three_objectives()
    pick = runs.pick_of(front)
    section = page_of(front, pick=pick).split('<section id="explain">')[1].split("</section>")[0]
    shown = re.findall(r'data-explain="(p\d+)"( hidden)?', section)
    assert [name for name, _ in shown] == [point["id"] for point in front["points"]]
    assert [name for name, hidden in shown if not hidden] == [pick["point"]]
    text = Page(section).text
    for said in ("By household size", "0 to 138", "Kids' cereal", "of 5,210 lists"):
        assert said in text


def test_search_names_what_random_search_needed() -> None:
    log = {"optimizer": "nsga2", "runs": [
        {"name": "nsga2", "evaluations": [10, 20, 30], "seconds": [1, 2, 3], "hypervolume": [0.1, 0.5, 0.6]},
        {"name": "random", "evaluations": [10, 20, 30], "seconds": [1, 2, 3], "hypervolume": [0.1, 0.2, 0.4]},
    ]}  # fmt: skip
    assert "nsga2 needed 20 policies for what random search found with 30." in page_of(
        runs.three_objectives(), search=log
    )


def test_data_report_split_and_recall_are_shown() -> None:
    text = Page(page_of(runs.three_objectives())).text
    for said in ("1,469,307", "row 81,202: -1.29", "30,594", "612,440", "12,010", "61.2", "57.1"):
        assert said in text


@pytest.mark.parametrize("file", ["search", "data", "pick", "explain", "config", "manifest"])
def test_a_missing_file_leaves_its_part_out(tmp_path: Path, file: str) -> None:
    run = runs.write_run(tmp_path / "run", runs.three_objectives(), **{file: None})
    text = write_report(run).read_text(encoding="utf-8")
    assert 'id="front"' in text
    if file in {"search", "data", "explain"}:
        assert f'id="{file}"' not in text
        assert f'href="#{file}"' not in text


HOSTILE = "<script>alert(1)</script>\"' & </style>"


def test_names_cannot_inject_anything() -> None:
    front = json.loads(json.dumps(runs.three_objectives()).replace("ranker.purchase", "ranker.X"))
    front = _rename(front, "ranker.X", HOSTILE)
    front["objectives"][0]["label"] = HOSTILE
    document = explained(front, {"x": HOSTILE, "y": HOSTILE + "2"}, ["x"], ["y"]) | {"against": HOSTILE}
    pick = runs.pick_of(front) | {"why": HOSTILE}
    data = {"report": {"read": 3, "dropped": {HOSTILE: 2}, "filled": {HOSTILE: {"rows": 1, "with": HOSTILE}}}}
    page = Page(page_of(front, explain=document, pick=pick, data=data, config={HOSTILE: HOSTILE}))
    assert page.open == []
    assert "alert(1)" not in page.hidden
    assert "<" not in page.data
    assert HOSTILE in json.loads(page.data)["objectives"][0]["label"]
    assert page.text.count(HOSTILE) >= 8


def _rename(value: Any, old: str, new: str) -> Any:
    if isinstance(value, dict):
        return {_rename(k, old, new): _rename(v, old, new) for k, v in value.items()}
    if isinstance(value, list):
        return [_rename(v, old, new) for v in value]
    return new if value == old else value


REQUIRED = {"id", "name", "points", "baselines", "objectives"}


def _thinned(value: Any, keep: Any) -> Any:
    """`value` without some of the optional keys."""
    if isinstance(value, dict):
        return {k: _thinned(v, keep) for k, v in value.items() if k in REQUIRED or keep()}
    if isinstance(value, list):
        return [_thinned(v, keep) for v in value]
    return value


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from(sorted(FRONTS)), st.sampled_from([0.5, 0.8, 0.95]))
def test_absent_optional_keys_never_break_the_page(seed: int, name: str, share: float) -> None:
    random = Random(seed)

    def keep() -> bool:
        return random.random() < share

    front = FRONTS[name]()
    files = {
        "search": runs.search_log(), "data": runs.data_report(), "pick": runs.pick_of(front),
        "config": runs.config(), "manifest": runs.manifest(),
    }  # fmt: skip
    thin = {file: _thinned(content, keep) for file, content in files.items()}
    front = _thinned(front, keep)
    more = {"explain": runs.explain(FRONTS[name]()), "max_t": runs.max_t(FRONTS[name]()) if keep() else {}}
    assert Page(render(RunFiles(name="run", front=front, **thin, **more))).open == []


def test_a_front_without_policies_or_goals_is_said_to_be_empty() -> None:
    front = runs.three_objectives() | {"points": [], "baselines": []}
    assert "The run found no policy." in page_of(front)


def test_undefined_changes_are_dashes() -> None:
    front = runs.three_objectives()
    front["points"][0]["certify"]["sales"] = dict.fromkeys(("value", "change", "error", "low", "high"), None)
    text = page_of(front)
    row = text.split('data-select="p01"')[1].split("</tr>")[0]
    assert "\u2013" in row
    assert "nan" not in row


def test_a_damaged_file_is_named_and_the_old_report_stays(tmp_path: Path) -> None:
    run = runs.write_run(tmp_path / "run", runs.three_objectives())
    old = write_report(run).read_bytes()
    (run / "search.json").write_text('{"runs": [', encoding="utf-8")
    with pytest.raises(ArtifactError, match=r"search\.json is damaged"):
        write_report(run)
    assert (run / "report.html").read_bytes() == old


def test_a_folder_that_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match=r"front\.json does not exist"):
        write_report(tmp_path)
    with pytest.raises(ArtifactError, match="is not a run's folder"):
        write_report(tmp_path / "nowhere")
    assert list(tmp_path.iterdir()) == []


def test_writing_again_gives_the_same_bytes_and_no_other_file(tmp_path: Path) -> None:
    run = runs.write_run(tmp_path / "run", runs.three_objectives())
    before = {path.name for path in run.iterdir()}
    first = write_report(run).read_bytes()
    assert write_report(run).read_bytes() == first
    assert {path.name for path in run.iterdir()} == before | {"report.html"}
