"""A finished run of the simulated shop, made once for all tests that only read it; the whole suite on two workers."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from simulated_shop import DEEP

TOGETHER = {
    "finished": ("test_determinism", "test_engine", "test_explain", "test_report_wish", "test_serving"),
    "certified": ("test_artifacts", "test_honest_answers"),
}
"""Fixture of the session -> the files that read it: these go to one worker, so that nothing is made twice."""
LONGEST = (*TOGETHER, "test_conformance_builtins", "test_example_plugins", "test_swap_matrix", "test_scaffold")
"""What begins early, so that no worker is left with one of these at the end."""
GROUP = {file: fixture for fixture, files in TOGETHER.items() for file in files}


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Two workers of one thread each for the whole suite; whoever names files or directories gets this process."""
    if config.args_source is not pytest.Config.ArgsSource.TESTPATHS:
        return 0
    for library in ("OMP", "OPENBLAS", "MKL", "NUMBA"):
        os.environ.setdefault(f"{library}_NUM_THREADS", "1")
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    return 2


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """A file is never divided between workers, nor are the files of a group."""
    from xdist.scheduler import LoadFileScheduling

    class Groups(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = Path(nodeid.split("::", maxsplit=1)[0]).stem
            return GROUP.get(file, file)

    return Groups(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        arguments = item.callspec.params if hasattr(item, "callspec") else {}
        file, read = item.path.stem, set(getattr(item, "fixturenames", ())).difference(arguments)
        for fixture in read.intersection(TOGETHER):
            if file not in TOGETHER[fixture]:
                raise pytest.UsageError(f"{file} reads the fixture {fixture!r}: name it in TOGETHER of conftest.py")
    places = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(GROUP.get(item.path.stem, item.path.stem), len(places)))


@pytest.fixture(scope="session", autouse=True)
def _cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The user's cache folder is neither read nor written."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@dataclass(frozen=True)
class FinishedRun:
    """A certified run; not to be changed."""

    folder: Path
    engine: object
    certified: object
    """`paretorec.judging.Judged`: the very tensors that the front was certified on."""


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> FinishedRun:
    """Trained encoders and ranker, rules, three objectives, a certified front."""
    from paretorec import Engine, tradeoff

    folder = tmp_path_factory.mktemp("finished") / "run"
    judged = {}
    build = tradeoff.judge_part

    def keep(part: str, *arguments: object) -> object:
        judged[part] = build(part, *arguments)
        return judged[part]

    engine = Engine(DEEP)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tradeoff, "judge_part", keep)
        engine.run(out=folder)
    return FinishedRun(folder, engine, judged["certify"])
