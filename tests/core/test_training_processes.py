"""The training loop as operating-system processes: killed in the middle, and shared by two."""

import json
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import noisy_training
import pytest

SCRIPT = Path(noisy_training.__file__)


def start(folder, rank=0, size=1, kill=0):
    arguments = [sys.executable, str(SCRIPT), *map(str, (folder, rank, size, kill))]
    return subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_a_training_killed_in_the_middle_of_an_epoch_goes_on_to_the_same_weights(tmp_path):
    process = start(tmp_path, kill=18)  # of 35: the third epoch has begun
    _, errors = process.communicate(timeout=120)
    assert process.returncode == -signal.SIGKILL, errors
    assert [path.name for path in tmp_path.iterdir()] == ["noisy.safetensors"]
    resumed, whole = noisy_training.train(tmp_path), noisy_training.train()
    assert (resumed.pop("calls"), whole.pop("calls")) == (21, 35)
    assert resumed == whole


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    folder = tmp_path_factory.mktemp("two")
    processes = [start(folder, rank, 2) for rank in (0, 1)]
    for process in processes:
        _, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors
    return [json.loads((folder / f"{rank}.json").read_text()) for rank in (0, 1)]


def test_two_processes_end_with_the_same_weights_to_the_bit(two):
    assert two[0]["weights"] == two[1]["weights"]
    assert two[0]["scores"] == two[1]["scores"]
    assert [result["calls"] for result in two] == [20, 15], "seven batches an epoch, the first process takes four"


def test_two_processes_learn_as_one_with_the_same_batches_a_step(two):
    one = noisy_training.train(plan=replace(noisy_training.PLAN, accumulate=2))
    for key in ("losses", "scores", "flat"):
        assert two[0][key] == pytest.approx(one[key], abs=1e-5)
    assert one["losses"] != pytest.approx(noisy_training.train()["losses"], abs=1e-3)


def test_where_one_process_is_asked_to_stop_all_do_and_all_go_on_from_the_first_ones_checkpoint(two):
    for result in two:
        assert result["stopped"]
        assert result["resumed"]["weights"] == result["weights"]
        assert result["resumed"]["losses"] == result["losses"]
