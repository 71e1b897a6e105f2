"""Two runs in one picture, and the verb that asks for it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import report_runs as runs

from paretorec.artifact import seal, unseal
from paretorec.cli import execute
from paretorec.errors import FingerprintMismatch
from paretorec.report import write_report
from paretorec.report.versus import beaten, other_marks
from paretorec.report.view import FrontView


def scaled(factor: float) -> dict[str, Any]:
    """The front with every certified value of its policies times `factor`."""
    front = runs.three_objectives()
    for entry in front["points"]:
        for change in entry["certify"].values():
            change["value"] *= factor
    return front


def sealed(folder: Path, front: dict[str, Any], **files: Any) -> Path:
    run = runs.write_run(folder, front, **files)
    (run / "report.html").write_text("old", encoding="utf-8")
    seal(run, json.loads((run / "manifest.json").read_text(encoding="utf-8")))
    return run


def other_protocol() -> tuple[dict[str, Any], dict[str, Any]]:
    front = runs.three_objectives() | {"protocol": "0000000000000000"}
    manifest = runs.manifest()
    manifest["protocol"] |= {"k": 20, "rules": [{"use": "available"}]}
    return front, manifest


def test_changes_of_the_other_run_are_against_this_baseline() -> None:
    mine, theirs = FrontView.parse(runs.three_objectives()), FrontView.parse(scaled(1.1))
    base = mine.mark("encoder.repeat")
    assert base is not None
    for mark, source in zip(other_marks(mine, theirs, "older"), theirs.points, strict=True):
        for name, change in mark.point.certify.items():
            expected = 100 * (source.point.certify[name].value / base.point.certify[name].value - 1)
            assert change.change == pytest.approx(expected)


def test_a_run_that_is_better_everywhere_beats_all_and_is_beaten_by_none() -> None:
    mine, better = FrontView.parse(runs.three_objectives()), FrontView.parse(scaled(1.5))
    assert beaten(better, mine) == (24, 0)
    assert beaten(mine, better) == (0, 24)
    assert beaten(mine, mine) == beaten(better, better)


def test_the_other_front_is_drawn_in_every_chart(tmp_path: Path) -> None:
    run = runs.write_run(tmp_path / "new", runs.three_objectives())
    older = runs.write_run(tmp_path / "older", scaled(1.002))
    text = write_report(run, older).read_text(encoding="utf-8")
    assert 'data-id="older/p01"' in text
    assert "Beside <b>older</b>" in text
    assert not (older / "report.html").exists()


def test_another_protocol_is_refused_by_its_fields(tmp_path: Path) -> None:
    run = runs.write_run(tmp_path / "new", runs.three_objectives())
    front, manifest = other_protocol()
    older = runs.write_run(tmp_path / "older", front, manifest=manifest)
    with pytest.raises(FingerprintMismatch, match="differ in k, rules;"):
        write_report(run, older)
    assert not (run / "report.html").exists()


def test_the_verb_prints_the_path_and_the_run_stays_sound(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = sealed(tmp_path / "run", runs.three_objectives())
    assert execute(["report", str(run)]) == 0
    assert capsys.readouterr().out.strip() == str(run / "report.html")
    assert (run / "report.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    unseal(run)


def test_the_verb_prints_one_document(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = sealed(tmp_path / "run", runs.three_objectives())
    assert execute(["report", str(run), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"report": str(run / "report.html")}


def test_the_verb_refuses_another_protocol(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = sealed(tmp_path / "run", runs.three_objectives())
    front, manifest = other_protocol()
    older = sealed(tmp_path / "older", front, manifest=manifest)
    assert execute(["report", str(run), "--versus", str(older)]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert "k, rules" in said.err
    assert (run / "report.html").read_text(encoding="utf-8") == "old"
    unseal(run)


def test_the_verb_refuses_a_damaged_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = sealed(tmp_path / "run", runs.three_objectives())
    (run / "front.json").write_text((run / "front.json").read_text(encoding="utf-8")[:900], encoding="utf-8")
    assert execute(["report", str(run)]) == 2
    assert "front.json" in capsys.readouterr().err
