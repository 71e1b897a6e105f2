"""A finished run of the simulated shop, made once for all tests that only read it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from simulated_shop import DEEP


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
