"""`paretorec evaluate` as a process: files in, a table or one JSON document out."""

import json
import subprocess
import sys

import pandas as pd
import pytest

LISTS = "user_id,item_id,rank\n007,i1,1\n007,i2,2\n8,i3,1\n"
OTHER = "user_id,item_id,rank\n007,i2,1\n8,i4,1\n"
TRUTH = "user_id,item_id,sales\n007,i2,2.5\n8,i3,1\n9,i1,3\n"


@pytest.fixture
def run(tmp_path):
    for name, text in (
        ("lists.csv", LISTS),
        ("other.csv", OTHER),
        ("truth.csv", TRUTH),
        ("empty.csv", ""),
        ("semi.csv", LISTS.replace(",", ";")),
    ):
        (tmp_path / name).write_text(text)
    pd.read_csv(tmp_path / "truth.csv", dtype=str).astype({"sales": float}).to_parquet(tmp_path / "truth.parquet")

    def run(*arguments):
        command = [sys.executable, "-m", "paretorec", "evaluate", *arguments]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)

    return run


def test_json_has_values_changes_and_counts(run):
    done = run("--recommendations", "lists.csv", "--truth", "truth.parquet", "--versus", "other.csv",
               "--metrics", "hit-rate@2,revenue@2", "--json")  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["users"], found["without_list"], found["left_out"]) == (3, 1, 0)
    hit, revenue = found["metrics"]
    assert hit["metric"] == "hit-rate@2"
    assert (hit["value"], hit["versus_value"]) == (pytest.approx(2 / 3), pytest.approx(1 / 3))
    assert revenue["change"] == pytest.approx(1 / 3)
    assert set(hit) == {
        "metric", "value", "low", "high", "users", "versus_value", "change", "change_low", "change_high"
    }  # fmt: skip


def test_the_table_is_for_people(run):
    done = run("--recommendations", "lists.csv", "--truth", "truth.csv")
    assert done.returncode == 0, done.stderr
    assert "ndcg@10" in done.stdout
    assert "3 users" in done.stdout


@pytest.mark.parametrize(
    ("lists", "metrics", "words"),
    [
        ("nowhere.csv", "ndcg@10", "nowhere.csv: there is no such file"),
        ("empty.csv", "ndcg@10", "empty.csv: the file is empty"),
        ("semi.csv", "ndcg@10", "semi.csv: columns are separated by ';'"),
        ("lists.csv", "conversion@10", "event 'click' is not in the data"),
        ("lists.csv", "recal@10", "did you mean 'recall'"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_two(run, lists, metrics, words):
    done = run("--recommendations", lists, "--truth", "truth.csv", "--metrics", metrics)
    assert (done.returncode, done.stdout) == (2, "")
    assert words in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
