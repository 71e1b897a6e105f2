"""One run by two processes, as a person starts it with torchrun."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from safetensors.numpy import load_file

from paretorec import Engine

CONFIG = """
[source]
use = "simulated-store"
params = { users = 150, weeks = 14, items = 60 }
[split]
use = "temporal"
params = { requests = "periods", horizon = "7d" }
[[encoders]]
use = "popularity"
[[encoders]]
use = "transformer"
params = { width = 16, length = 20, batch_tokens = 400, epochs = 2 }
[ranker]
use = "mlp"
params = { hidden = [8], epochs = 2, events = ["click"] }
[search]
evaluations = 20
[optimizer]
use = "nsga2"
params = { population = 10 }
[certify]
resamples = 200
"""


def torchrun(folder, *arguments):
    command = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", "paretorec", *arguments)
    return subprocess.run(
        [sys.executable, *command],
        cwd=folder,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    folder = tmp_path_factory.mktemp("torchrun")
    (folder / "shop.toml").write_text(CONFIG)
    return folder, torchrun(folder, "run", "shop.toml", "--json")


def test_one_process_answers_and_the_other_is_quiet(shared):
    folder, done = shared
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["points"]
    assert sorted(path.name for path in (folder / "runs").iterdir()) == ["shop"]
    manifest = json.loads((folder / "runs" / "shop" / "manifest.json").read_text())
    assert manifest["processes"] == 2
    assert manifest["threads"] == max(os.cpu_count() // 2, 1)
    assert Engine.load(folder / "runs" / "shop").front


def test_it_learns_what_one_process_learns_with_two_batches_a_step(shared):
    folder, _ = shared
    alone = Engine.from_config(folder / "shop.toml", ["encoders.transformer.params.accumulate=2", "threads=1"])
    alone.run(out=folder / "alone")
    states = [load_file(folder / run / "states" / "encoder-transformer.safetensors") for run in ("runs/shop", "alone")]
    for name, weights in states[0].items():
        np.testing.assert_allclose(weights, states[1][name], atol=1e-4)


def test_verbs_that_one_process_does_are_refused(shared):
    folder, _ = shared
    done = subprocess.run(
        [sys.executable, "-m", "paretorec", "front", "runs/shop"],
        cwd=folder,
        env={**os.environ, "WORLD_SIZE": "2", "RANK": "0"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert "torchrun is for `paretorec run` alone" in done.stderr
