"""Observers `jsonl` and `progress` in a whole run."""

from __future__ import annotations

import json

import pytest
from simulated_shop import SHOP

from paretorec import ComponentRef, Engine, Registry
from paretorec.contracts import CertifyFinished, EpochFinished, GenerationFinished, RunFinished

SMALL = {
    **SHOP,
    "source": {"use": "simulated-store", "params": {"users": 80, "weeks": 12, "items": 40}},
    "encoders": [{"use": "popularity"}],
    "objectives": [{"use": "relevance"}, {"use": "sales"}],
    "optimizer": {"use": "random"},
    "search": {"evaluations": 40},
    "pick": {},
}


def test_a_run_as_lines_of_json(tmp_path, monkeypatch):
    monkeypatch.setenv("LOGS", str(tmp_path / "logs"))
    observers = [{"use": "jsonl", "params": {"path": "${LOGS}/events.jsonl"}}]
    engine = Engine({**SMALL, "observers": observers}, registry=Registry(files=()))
    engine.run(out=tmp_path / "run")
    lines = [json.loads(line) for line in (tmp_path / "logs" / "events.jsonl").read_text().splitlines()]
    assert [line["event"] for line in lines] == [
        "RunStarted",
        "FitFinished",
        "GenerationFinished",
        "CertifyFinished",
        "RunFinished",
    ]
    assert all(line["time"].endswith("+00:00") for line in lines)
    assert lines[0]["folder"] == str(tmp_path / "run")
    assert lines[3]["front"] == json.loads((tmp_path / "run" / "front.json").read_text())
    engine.run()
    assert len((tmp_path / "logs" / "events.jsonl").read_text().splitlines()) == 2 * len(lines)
    Engine.load(tmp_path / "run", registry=Registry(files=()))


def test_numbers_that_are_not_finite_are_null(tmp_path):
    path = tmp_path / "events.jsonl"
    observer = Registry(files=()).build("observer", ComponentRef(use="jsonl", params={"path": str(path)})).component
    epoch = EpochFinished(training="gru", epoch=1, epochs=2, loss=float("nan"), score=None, seconds=1.0)
    observer.paretorec_epoch_finished(epoch)
    assert json.loads(path.read_text())["loss"] is None


def test_lines_for_people_say_what_is_done_and_not_too_often(capsys):
    config = {**SMALL, "observers": [{"use": "progress"}]}
    Engine(config, registry=Registry(files=())).run()
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "paretorec: run started"
    assert lines[1].startswith("paretorec: encoder popularity: fitted in ")
    assert lines[2].startswith("paretorec: search random: 40 of 40 policies, hypervolume ")
    assert lines[3].startswith("paretorec: front: ")
    assert lines[4].startswith("paretorec: done after ")


@pytest.mark.parametrize(("seconds", "expected"), [(0.0, 4), (1e6, 2)])
def test_generations_come_at_intervals_and_the_last_one_always(capsys, seconds, expected):
    params = {"seconds": seconds}
    observer = Registry(files=()).build("observer", ComponentRef(use="progress", params=params)).component
    for generation in range(4):
        observer.paretorec_generation_finished(
            GenerationFinished(
                search="nsga2",
                generation=generation,
                evaluations=10 * generation + 10,
                budget=40,
                hypervolume=0.5,
                seconds=1.0,
            )
        )
    assert len(capsys.readouterr().err.splitlines()) == expected


def test_an_end_that_is_no_success_says_why(capsys):
    observer = Registry(files=()).build("observer", ComponentRef(use="progress")).component
    observer.paretorec_certify_finished(CertifyFinished(certified=False, front={"points": []}, pick={}))
    observer.paretorec_run_finished(RunFinished(outcome="failed", error="DataError: no rows", seconds=2.0))
    assert capsys.readouterr().err.splitlines() == [
        "paretorec: front: 0 points, not certified",
        "paretorec: failed after 2.0 s: DataError: no rows",
    ]
