"""A run and what is done with it, through the command line as a process."""

import json
import os
import subprocess
import sys

import pytest

CONFIG = """
[source]
use = "simulated-store"
params = { users = 400, weeks = 20 }
[split]
use = "temporal"
params = { requests = "periods", horizon = "7d", period = "7d" }
[[objectives]]
use = "relevance"
[[objectives]]
use = "sales"
[search]
evaluations = 60
[certify]
resamples = 400
[pick]
maximize = "sales"
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("shop")
    (path / "shop.toml").write_text(CONFIG)
    return path


@pytest.fixture(scope="module")
def paretorec(folder):
    """Runs a command line in the folder; (stdout, stderr) of one that succeeds."""

    def run(*arguments: object) -> tuple[str, str]:
        done = subprocess.run(
            [sys.executable, "-m", "paretorec", *map(str, arguments)],
            cwd=folder,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout, done.stderr

    return run


@pytest.fixture(scope="module")
def first(paretorec):
    """What ``run`` printed; the run is in ``runs/shop``."""
    return paretorec("run", "shop.toml", "--set", "search.points=5")


@pytest.fixture(scope="module")
def front(first, paretorec):
    return json.loads(paretorec("front", "runs/shop", "--json")[0])


def test_a_run_prints_the_front_the_pick_and_the_report_and_nothing_on_stderr(folder, first, front):
    out, err = first
    assert err == ""
    for point in (*front["points"], *front["baselines"]):
        assert point["id"] in out
    assert f"{front['baseline']} (baseline)" in out
    assert "\npick " in out or "\nno pick: " in out
    assert out.strip().endswith("report: runs/shop/report.html")
    assert (folder / "runs" / "shop" / "report.html").stat().st_size > 1000
    assert [path.name for path in (folder / "runs").iterdir()] == ["shop"]


def test_the_front_is_one_json_document_of_the_shape_that_programs_rely_on(front):
    assert {"protocol", "objectives", "baseline", "points", "baselines"} <= set(front)
    assert [objective["name"] for objective in front["objectives"]] == ["relevance", "sales"]
    assert all({"name", "direction", "unit"} <= set(objective) for objective in front["objectives"])
    assert front["baseline"] in [point["id"] for point in front["baselines"]]
    assert front["certified"]
    assert 1 <= len(front["points"]) <= 5
    for point in (*front["points"], *front["baselines"]):
        assert {"id", "policy", "select", "certify"} <= set(point)
        assert set(point["select"]) == set(point["certify"]) == {"relevance", "sales"}
        for change in point["certify"].values():
            assert {"value", "change", "low", "high"} <= set(change)
            assert change["low"] <= change["change"] <= change["high"]


def test_a_run_says_which_configuration_and_which_components_it_was(folder, first):
    run = folder / "runs" / "shop"
    config = json.loads((run / "config.json").read_text())
    assert config["search"] == {"evaluations": 60, "seconds": None, "points": 5, "requests": None}
    manifest = json.loads((run / "manifest.json").read_text())
    ran = {(entry["kind"], entry["name"]) for entry in manifest["components"]}
    assert {("source", "simulated-store"), ("optimizer", "nsga2"), ("evaluator", "revenue")} <= ran
    assert {entry["distribution"] for entry in manifest["components"]} == {"paretorec"}
    assert set(manifest["fingerprints"]) == {"protocol", "run"}


def test_a_second_run_gives_the_same_front_in_place_of_the_first(folder, first, front, paretorec):
    before = (folder / "runs" / "shop" / "front.json").read_bytes()
    out, _ = paretorec("run", "shop.toml", "--set", "search.points=5", "--json")
    assert json.loads(out) == front
    assert (folder / "runs" / "shop" / "front.json").read_bytes() == before
    assert [path.name for path in (folder / "runs").iterdir()] == ["shop"]


def test_a_pick_is_saved_and_served(folder, front, paretorec):
    wish = ("pick", "runs/shop", "--maximize", "relevance", "--confidence", "0.6")
    document = json.loads(paretorec(*wish, "--save", "policy.json", "--json")[0])
    assert {"point", "policy", "certified", "why", "certify"} <= set(document)
    assert document["point"] in [point["id"] for point in front["points"]]
    assert json.loads((folder / "policy.json").read_text()) == document["policy"]
    assert f"pick {document['point']}: {document['why']}" in paretorec(*wish)[0]

    lists = paretorec("recommend", "runs/shop", "--users", "u00001,u00002", "-k", "3", "--policy", "policy.json")[0]
    rows = [line.split() for line in lists.splitlines() if line.strip().startswith("u0")]
    assert [(row[0], row[1], row[-1]) for row in rows] == [
        (user, rank, "history") for user in ("u00001", "u00002") for rank in "123"
    ]


def test_recommendations_for_somebody_new_follow_the_history_given(paretorec, first):
    known = json.loads(paretorec("recommend", "runs/shop", "--users", "u00001", "-k", "2", "--json")[0])
    assert [set(row) for row in known] == [{"user_id", "item_id", "rank", "score", "basis", "title"}] * 2
    items = ",".join(row["item_id"] for row in known)
    guest = json.loads(paretorec("recommend", "runs/shop", "--history", items, "-k", "4", "--json")[0])
    assert [row["basis"] for row in guest] == ["history"] * 4
    early = paretorec("recommend", "runs/shop", "--users", "u00001", "-k", "2", "--at", "2024-01-01", "--json")[0]
    assert {row["basis"] for row in json.loads(early)} <= {"no history"}


def test_a_report_is_written_again_and_leaves_the_run_whole(folder, first, paretorec):
    run = folder / "runs" / "shop"
    manifest = (run / "manifest.json").read_bytes()
    (run / "report.html").unlink()
    assert paretorec("report", "runs/shop")[0] == "runs/shop/report.html\n"
    assert (run / "report.html").stat().st_size > 1000
    assert (run / "manifest.json").read_bytes() == manifest
    paretorec("run", "shop.toml", "--out", "other", "--set", "optimizer.use=random")
    alone = (run / "report.html").read_bytes()
    assert json.loads(paretorec("report", "runs/shop", "--versus", "other", "--json")[0]) == {
        "report": "runs/shop/report.html"
    }
    assert (run / "report.html").read_bytes() != alone
    paretorec("front", "runs/shop")


def test_a_refitted_run_serves_and_says_that_it_is_not_certified(first, paretorec):
    assert paretorec("refit", "runs/shop")[0] == "refitted on all data, not certified: runs/shop-refit\n"
    assert "Not certified: the bundle was refitted on all data" in paretorec("front", "runs/shop-refit")[0]
    assert json.loads(paretorec("recommend", "runs/shop-refit", "--users", "u00001", "--json")[0])
