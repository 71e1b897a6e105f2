"""`paretorec off-policy` as people and programs use it: an answer, or exit 3 with the gate that refuses."""

import json

import numpy as np
import pandas as pd
import pytest

from paretorec.cli import execute


@pytest.fixture
def log(tmp_path):
    """Single items, uniformly at random; the target policy prefers those that earn more."""
    rng = np.random.default_rng(0)
    item = rng.integers(4, size=3000)
    frame = pd.DataFrame(
        {
            "user_id": rng.integers(900, size=3000),
            "item_id": item,
            "click": (rng.random(3000) < 0.1 * (1 + item)).astype(int),
            "propensity": 0.25,
            "target": np.array([0.1, 0.2, 0.3, 0.4])[item],
        }
    )

    def write(name="log.csv", **columns):
        path = tmp_path / name
        frame.assign(**columns).to_csv(path, index=False)
        return str(path)

    return write


def run(capsys, *arguments):
    code = execute(["off-policy", *arguments])
    done = capsys.readouterr()
    return code, done.out, done.err


def test_json_holds_values_changes_and_gates(log, capsys):
    code, out, _ = run(capsys, "--log", log(), "--column", "reward=click", "--json")
    found = json.loads(out)
    assert (code, found["estimable"], found["requests"]) == (0, True, 3000)
    assert found["changes"]["dr"]["low"] < 0.05 < found["changes"]["dr"]["high"]
    assert {"value", "error", "low", "high"} == set(found["logging"])
    assert all(gate["passed"] and not gate["sentence"] for gate in found["gates"])


def test_people_get_tables_and_a_sentence(log, capsys):
    code, out, err = run(capsys, "--log", log(), "--column", "reward=click")
    assert code == 0, err
    assert "logging policy" in out
    assert "effective sample size" in out
    assert "the target policy earns" in out


def test_exit_3_says_which_gate_and_its_figure(log, capsys):
    code, out, err = run(capsys, "--log", log(propensity=1.0), "--column", "reward=click")
    assert code == 3
    assert "fails" in out
    assert err.strip() == (
        "paretorec: not estimable: 100% of the log's rows were shown for certain (propensity above 0.999), and such "
        "rows say nothing about other policies; at most 20% may be"
    )
    code, out, err = run(capsys, "--log", log(), "--column", "reward=click", "--effective", "5000", "--json")
    assert code == 3
    assert json.loads(out)["why"].startswith("not estimable: the log is worth ")


def test_bad_input_is_exit_2_in_one_sentence(log, capsys):
    code, _, err = run(capsys, "--log", log())
    assert (code, "column 'reward' (reward) is missing" in err) == (2, True)
    code, _, err = run(capsys, "--log", log(), "--column", "click")
    assert (code, "--column 'click' is not ROLE=NAME" in err) == (2, True)
    code, _, err = run(capsys, "--log", log(), "--column", "reward=click", "--lists", "slate")
    assert (code, "lists = 'slate'" in err) == (2, True)
