"""The same run again is the same run: in another process, on other threads, and after a sudden end."""

from __future__ import annotations

import json
import shutil
import signal

import numpy as np
import pytest
from simulated_shop import DEEP, SHOP, answer, same_result, searched, start_python

from paretorec import Engine
from paretorec.artifact import partial

RUN = """
import json, sys
from paretorec import Engine, Recommender
config, out, resume = json.loads(sys.argv[1]), sys.argv[2], len(sys.argv) > 3
front = Engine(config).run(out=out, resume=resume)
shop = Recommender.load(out, policy=front.points[0])
users = [f"u{number}" for number in range(9)] + [str(name) for name in list(shop.user_codes)[:70]]
print(shop.recommend(users).to_json(orient="split"))
"""

DIE = """
import json, os, signal, sys
from contextlib import contextmanager
from paretorec import Engine

class Bar:
    def __init__(self, counted):
        self.counted = counted
    def advance(self, steps=1, note=""):
        global left
        left -= self.counted and bool(note)
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

class Killer:
    @contextmanager
    def bar(self, title, total=None):
        yield Bar(title.startswith("search"))

left = int(sys.argv[3])
Engine(json.loads(sys.argv[1]), progress=Killer()).run(out=sys.argv[2], resume=True)
"""
"""A host's progress bars that end the process, unasked, after so many generations."""


def test_new_processes_repeat_the_run_to_the_bit(finished, tmp_path):
    # The run's own `threads` is 1 both times; what BLAS and OpenMP may use besides must not matter.
    folders = {count: tmp_path / f"blas-{count}" for count in (1, 2)}
    running = [
        start_python(RUN, json.dumps(DEEP), folder, threads=count, PYTHONHASHSEED=str(count))
        for count, folder in folders.items()
    ]
    for process, folder in zip(running, folders.values(), strict=True):
        answer(process)
        for path in sorted((finished.folder / "states").iterdir()):
            assert path.read_bytes() == (folder / "states" / path.name).read_bytes(), path.name
        same_result(finished.folder, folder)


def test_another_seed_is_another_run(finished, tmp_path):
    Engine({**DEEP, "seed": 4}).run(out=tmp_path / "other")
    assert searched(finished.folder)["nsga2.x"].tobytes() != searched(tmp_path / "other")["nsga2.x"].tobytes()


def test_one_bundle_gives_the_same_on_one_thread_and_on_two(finished, tmp_path):
    lists = []
    for threads in (1, 2):
        out = tmp_path / f"on-{threads}"
        shutil.copytree(finished.folder / "states", partial(out) / "states")
        config = json.dumps({**DEEP, "threads": threads})
        lists.append(answer(start_python(RUN, config, out, "resume", threads=threads)))
        same_result(finished.folder, out)
    assert lists[0] == lists[1]
    assert len(lists[0]["data"]) > 500


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    """(configuration, a partial folder in which nothing but fitting is done, the finished run)."""
    whole = tmp_path_factory.mktemp("whole") / "run"
    config = {**SHOP, "optimizer": {"use": "smpso", "params": {"population": 20}}}
    Engine(config).run(out=whole)
    kept = tmp_path_factory.mktemp("fitted") / "kept"
    shutil.copytree(whole / "states", kept / "states")
    shutil.copy(whole / "run.json", kept / "run.json")
    return config, kept, whole


def test_killed_at_five_random_generations_and_resumed(fitted, tmp_path):
    config, kept, whole = fitted
    generations = [len(np.unique(searched_generations(whole, name))) for name in ("smpso", "random")]
    total = sum(generations)
    assert total >= 10
    moments = np.random.default_rng(11).choice(np.arange(1, total), size=5, replace=False)
    dying = []
    for moment in moments:
        out = tmp_path / f"killed-{moment}"
        shutil.copytree(kept, partial(out))
        dying.append((moment, out, start_python(DIE, json.dumps(config), out, moment)))
        if len(dying) % 2 == 0:
            dying[-2][2].wait()  # two at a time
    for moment, out, process in dying:
        _, err = process.communicate(timeout=120)
        assert process.returncode == -signal.SIGKILL, err
        done = sum(len(np.unique(searched_generations(partial(out), name))) for name in ("smpso", "random"))
        assert done == moment
        assert not out.exists()
        Engine(config).run(out=out, resume=True)
        same_result(whole, out)


def searched_generations(folder, name):
    """The generation of each policy that a search has judged; none where it has not begun."""
    from safetensors.numpy import load_file

    path = folder / f"archive-{name}.safetensors"
    return load_file(path)["generation"] if path.is_file() else np.zeros(0, int)
