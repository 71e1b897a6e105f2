"""A whole run whose signals do not fit into memory, and one that searches on a sample."""

import json
from pathlib import Path

import numpy as np
from simulated_shop import SHOP

from paretorec import Engine, RunConfig


def run(folder: Path, **more):
    engine = Engine(RunConfig.model_validate({**SHOP, **more}))
    return engine, engine.run(out=folder)


def test_signals_in_files_give_the_front_that_signals_in_memory_give(tmp_path):
    run(tmp_path / "memory")
    run(tmp_path / "files", memory=1e-6)
    here, there = (json.loads((tmp_path / name / "front.json").read_text()) for name in ("memory", "files"))
    assert here == there
    files = sorted(path.name for path in (tmp_path / "files").iterdir())
    assert files == sorted(path.name for path in (tmp_path / "memory").iterdir())


def test_a_search_on_a_sample_says_so_and_certifies_on_everybody(tmp_path):
    engine, whole = run(tmp_path / "whole")
    sampled, part = run(tmp_path / "part", search={**SHOP["search"], "requests": 200})
    searched = sampled.fitted.record.data["searched"]
    assert 150 < searched["requests"] <= 200
    assert searched["of_requests"] == engine.fitted.record.data["searched"]["requests"]
    assert searched["why"] == "[search] requests = 200"
    assert json.loads((tmp_path / "part" / "data.json").read_text())["searched"] == searched
    assert part.requests == whole.requests
    errors = [np.mean([point.errors["sales"] for point in front.points]) for front in (part, whole)]
    assert errors[0] > errors[1]
    page = (tmp_path / "part" / "report.html").read_text()
    assert f"The search looked at {searched['requests']}" in page
