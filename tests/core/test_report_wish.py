"""The page's own pick is `paretorec.pick`'s, whatever is wished for; and the page answers in a browser."""

import html
import json
import re
import shutil
import subprocess
from importlib import resources
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pytest
import report_runs as runs

from paretorec.errors import NoAnswer
from paretorec.front import Change, Front, ObjectiveInfo, Point
from paretorec.pick import Promises, words
from paretorec.report import numbers, write_report
from paretorec.report.live import live_data, live_promises
from paretorec.report.run_files import RunFiles, read_run
from paretorec.report.view import FrontView

NODE = shutil.which("node") or shutil.which("nodejs")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)

ASKING = """
const { data, wishes } = JSON.parse(require("fs").readFileSync(0, "utf8"));
const answers = wishes.map((wish) => choosing.pick(data, wish)).map(({ point, why, kept }) => ({ point, why, kept }));
process.stdout.write(JSON.stringify(answers));
"""


def some_front(rng: np.random.Generator, points: int, certified: bool = True, relative: bool = True) -> Front:
    """A front over relevance (percent), sales (percent or absolute) and returns (less is better)."""
    objectives = (
        ObjectiveInfo("relevance", "max", "", "relevance (replay)"),
        ObjectiveInfo("sales", "max", "a list", "sales (replay)"),
        ObjectiveInfo("returns", "min", "", "returns"),
    )
    names = [objective.name for objective in objectives]

    def point(name: str, values: np.ndarray, changes: np.ndarray, errors: np.ndarray) -> Point:
        certify = {
            o: Change(float(v), float(c) if rel else float(c) / 100, float(e) if rel else float(e) / 100,
                      float("nan"), float("nan"), rel)
            for o, v, c, e, rel in zip(names, values, changes, errors, (True, relative, True), strict=True)
        }  # fmt: skip
        select = dict(zip(names, map(float, values), strict=True))
        return Point(name, {"kind": "linear", "name": name}, select, {}, certify if certified else {})

    base = np.array([0.3, 10.0, 0.2])
    spread = rng.choice([0.0003, 0.3, 3.0, 30.0])
    return Front(
        objectives=objectives,
        baseline="encoder.repeat",
        points=tuple(
            point(f"p{i:02d}", base * rng.uniform(0.7, 1.3, 3), rng.normal(0, spread, 3), rng.uniform(0, spread / 3, 3))
            for i in range(points)
        ),
        baselines=(point("encoder.repeat", base, np.zeros(3), np.zeros(3)),),
        protocol="x",
        max_t={"low": np.sort(rng.gamma(4, 0.6, 500)), "high": np.sort(rng.gamma(4, 0.6, 500))} if certified else {},
        uncertified="" if certified else "there are 12 certify requests",
        requests=int(rng.choice([0, 812, 4962, 1234567])),
        users=1079,
    )


def asked(rng: np.random.Generator, promises: Promises) -> dict[str, object]:
    """A wish as the page holds it: limits in the unit of the changes."""
    way = str(rng.choice(["maximize", "equal", "knee"]))
    limits = {}
    for name in promises.names:
        if rng.random() < 0.4:
            lows = [promises.low(point, name) for point in promises.front.points]
            limits[name] = round(float(rng.uniform(min(lows) - 1e-3, max(lows) + (rng.random() < 0.2))), 3)
    maximize = str(rng.choice(promises.names)) if way == "maximize" else ""
    return {"way": way, "maximize": maximize, "limits": limits, "confidence": promises.confidence}


def answered(front: Front, wish: dict[str, object]) -> dict[str, object]:
    """What `paretorec.pick` says to it."""
    promises = Promises.of(front, wish["confidence"])
    # An absolute change is asked for in the objective's own unit.
    keep = {name: f"{x!r}%" if promises.relative(name) else repr(x) for name, x in wish["limits"].items()}
    kept = [
        point.id
        for point in front.points
        if all(promises.low(point, name) >= amount for name, amount in wish["limits"].items())
    ]
    try:
        found = front.pick(wish["maximize"], keep, wish["confidence"], knee=wish["way"] == "knee")
    except NoAnswer as error:
        return {"point": None, "why": str(error), "kept": kept}
    return {"point": found.point, "why": found.why, "kept": kept}


def page_answers(data: dict[str, object], wishes: list[dict[str, object]]) -> list[dict[str, object]]:
    """What the page's script says to the wishes, asked through node."""
    script = resources.files("paretorec.report").joinpath("pick.js").read_text(encoding="utf-8") + ASKING
    done = subprocess.run(
        [NODE, "-e", script], input=json.dumps({"data": data, "wishes": wishes}), capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.skipif(NODE is None, reason="NODE IS MISSING: nothing holds the page's pick to paretorec.pick")
@pytest.mark.parametrize("kind", ["certified", "absolute", "uncertified", "one policy"])
def test_the_page_picks_what_pick_picks_in_the_same_words(kind):
    rng = np.random.default_rng(len(kind))
    outcomes = set()
    for _ in range(4):
        front = some_front(rng, 1 if kind == "one policy" else 12, kind != "uncertified", kind != "absolute")
        standing = float(rng.choice([0.8, 0.9, 0.95]))
        data = live_data(Promises.of(front, standing), RunFiles(name="run", front={}))
        levels = [entry["confidence"] for entry in data["confidences"]]
        wishes = [asked(rng, Promises.of(front, float(rng.choice(levels)))) for _ in range(60)]
        expected = [answered(front, wish) for wish in wishes]
        assert page_answers(json.loads(json.dumps(data)), wishes) == expected
        outcomes |= {(wish["way"], answer["point"] is None) for wish, answer in zip(wishes, expected, strict=True)}
    assert len(outcomes) >= 5, "the wishes of this test are not various enough"


@pytest.mark.skipif(NODE is None, reason="NODE IS MISSING: nothing holds the page's numbers to Python's")
def test_numbers_read_as_pythons_do():
    values = [0.0, -0.04, 0.25, -0.25, 0.35, 2.75, 1e-7, -3.21e-5, 0.000123, 0.9996, 12.345, 999.6, 1234.5, -1e9, 0.15]
    script = (
        resources.files("paretorec.report").joinpath("pick.js").read_text(encoding="utf-8")
        + f"const values = {json.dumps(values)}; process.stdout.write(JSON.stringify("
        "values.map((x) => [choosing.number(x, true), choosing.number(x, false), choosing.looser(x, true),"
        "choosing.looser(x, false), choosing.counted(Math.round(Math.abs(x)))])));"
    )
    done = subprocess.run([NODE, "-e", script], capture_output=True, text=True, timeout=60, check=True)
    assert json.loads(done.stdout) == [
        [words.number(x, True), words.number(x, False), words.looser(x, True), words.looser(x, False),
         f"{int(abs(x) + 0.5):,}"]
        for x in values
    ]  # fmt: skip


def in_browser(page: Path, address: str = "") -> str:
    """The page as it stands after its scripts ran."""
    command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=2000", "--dump-dom"]
    done = subprocess.run(
        [*command, f"--user-data-dir={page.parent / 'browser'}", f"{page.as_uri()}{address}"],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def headline(document: str) -> str:
    return html.unescape(re.sub(r"<[^>]+>", "", re.search(r"<h1.*?</h1>", document, re.DOTALL)[0]))


@pytest.mark.skipif(CHROMIUM is None, reason="CHROMIUM IS MISSING: nothing runs the page's scripts in a browser")
def test_the_page_answers_another_wish_and_hands_out_its_policy(finished, tmp_path):
    shutil.copytree(finished.folder, tmp_path / "run")
    page, front = write_report(tmp_path / "run"), finished.engine.front
    promises = Promises.of(front, 0.8)
    lows = sorted(promises.low(point, "relevance") for point in front.points)
    limit = f"{lows[len(lows) // 2]:.1f}"
    found = front.pick("diversity", {"relevance": f"{limit}%"}, 0.8)
    assert found.point != front.pick("diversity").point
    document = in_browser(page, f"#more=diversity&keep.relevance={limit}&sure=0.8")
    assert headline(document) == numbers.typeset(found.why)
    link = re.search(r'<a[^>]*id="download"[^>]*>', document)[0]
    policy = unquote(html.unescape(re.search(r'href="data:application/json;charset=utf-8,([^"]*)"', link)[1]))
    assert json.loads(policy) == dict(found.policy)
    assert f'download="policy-{found.point}.json"' in link
    shown = [name for name, rest in re.findall(r'data-explain="(p\d+)"([^>]*)>', document) if "hidden" not in rest]
    assert shown == [found.point]
    told = re.sub(r"<[^>]+>", "", re.search(r'<code id="command".*?</code>', document, re.DOTALL)[0])
    keep = f"--keep relevance={float(limit):g}%"
    assert html.unescape(told) == (
        f"paretorec pick run --maximize diversity {keep} --confidence 0.8 --save policy.json"
    )
    marks = re.findall(r'<g class="(mark[^"]*)" data-id="(p\d+)"', document)
    faded = {name for classes, name in marks if "out" in classes.split()}
    assert faded == {point.id for point in front.points if promises.low(point, "relevance") < float(limit)}
    assert {name for classes, name in marks if "picked" in classes.split()} == {found.point}


@pytest.mark.skipif(CHROMIUM is None, reason="CHROMIUM IS MISSING: nothing runs the page's scripts in a browser")
@pytest.mark.parametrize("name", ["three_objectives", "five_objectives", "uncertified"])
def test_the_page_begins_with_what_the_run_picked(name, tmp_path):
    front = getattr(runs, name)()
    pick = runs.pick_of(front)
    run = runs.write_run(tmp_path / "run", front, pick=pick)
    page = write_report(run)
    before, after = page.read_text(encoding="utf-8"), in_browser(page)
    assert headline(after) == headline(before)
    assert f">Policy {pick['point']}</b>" in after
    assert 'class="limit-text"' in after
    labels = {objective["label"] for objective in front["objectives"]}
    figures = after.split('class="figures"')[1].split('class="trust"')[0]
    assert all(label[1:] in figures for label in labels)


@pytest.mark.skipif(CHROMIUM is None, reason="CHROMIUM IS MISSING: nothing runs the page's scripts in a browser")
@pytest.mark.parametrize("address", ["", "#more=*equal&sure=0.95"])
def test_a_standing_wish_that_the_page_has_no_words_for_is_shown_as_it_was_answered(tmp_path, address):
    front = runs.three_objectives()
    why = "the highest weighted sum of changes (1 x relevance, at least +2.2): relevance changes by +3.1 %"
    pick = runs.pick_of(front) | {"why": why, "way": "weights", "point": "p02", "wish": {"weights": {"relevance": 1}}}
    page = write_report(runs.write_run(tmp_path / "run", front, pick=pick))
    document = in_browser(page, address)
    if address:
        live = live_promises(FrontView.parse(front), read_run(page.parent))
        assert headline(document) == numbers.typeset(live.front.pick().why)
    else:
        assert headline(document) == numbers.typeset(why)
        assert ">Policy p02</b>" in document
        assert "as the run was asked (weights)" in document


PLAY = """<script>
const more = document.getElementById("more");
more.value = "diversity";
more.dispatchEvent(new Event("change"));
document.querySelector('[data-zoom="all"]').click();
const slider = document.querySelector('input[data-objective="relevance"]');
slider.value = "-30";
slider.dispatchEvent(new Event("input"));
const other = document.querySelector('input[data-objective="sales"]');
for (const value of [other.max, other.min]) {
  other.value = value;
  other.dispatchEvent(new Event("input"));
}
</script>"""


@pytest.mark.skipif(CHROMIUM is None, reason="CHROMIUM IS MISSING: nothing runs the page's scripts in a browser")
def test_sliders_and_choices_make_the_wish(tmp_path):
    page = write_report(runs.write_run(tmp_path / "run", runs.three_objectives()))
    text = page.read_text(encoding="utf-8")
    page.write_text(text.replace("</body>", f"{PLAY}</body>"), encoding="utf-8")
    document = in_browser(page)
    live = live_promises(FrontView.parse(runs.three_objectives()), read_run(page.parent))
    found = live.front.pick("diversity", {"relevance": "-30%"})
    assert headline(document) == numbers.typeset(found.why)
    assert 'aria-valuetext="at least \u221230.0\u202f%"' in document
    assert "--maximize diversity" in document
    assert "--keep relevance=-30%" in document
    assert "--keep sales" not in document
    assert 'class="charts single" data-zoom="all"' in document


def test_a_run_whose_files_are_incomplete_gets_a_page_without_other_wishes(tmp_path):
    front = runs.three_objectives()
    run = runs.write_run(tmp_path / "run", front)
    assert 'id="wish"' in write_report(run).read_text(encoding="utf-8")
    (run / "front.safetensors").unlink()
    assert 'id="front-data"' not in write_report(run).read_text(encoding="utf-8")
    front["points"][0]["certify"]["sales"]["error"] = None
    assert 'id="front-data"' not in write_report(runs.write_run(tmp_path / "other", front)).read_text(encoding="utf-8")


def test_without_a_script_the_page_still_hands_out_the_runs_policy(tmp_path):
    front = runs.three_objectives()
    pick = runs.pick_of(front)
    text = write_report(runs.write_run(tmp_path / "run", front, pick=pick)).read_text(encoding="utf-8")
    link = re.search(r'<a[^>]*id="download"[^>]*>', text)[0]
    policy = unquote(html.unescape(re.search(r'href="data:application/json;charset=utf-8,([^"]*)"', link)[1]))
    assert json.loads(policy) == pick["policy"]
    assert "hidden" not in link
    assert all("scripted" in slider for slider in re.findall(r"<input[^>]*>", text))
