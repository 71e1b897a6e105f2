"""Plugins written for version 1 of the contracts go on working: an installed wheel of them, which nobody may edit."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import distributions
from pathlib import Path

import pytest
from fake_site import forget

from paretorec import Engine
from paretorec.contracts import KINDS as KINDS_NOW
from paretorec.contracts.component import OLDEST_API
from paretorec.registry import Registry, RegistrySettings
from paretorec.registry.discovery import find, refresh
from paretorec.registry.lock import lock
from paretorec.testing import contract_of

FOLDER = Path(__file__).parent / "distributions" / "written_for_api_1"

KINDS = tuple(kind for kind in KINDS_NOW if kind != "index")
"""Those of version 1 when the distribution was written."""

FINGERPRINT = "fcb3b2f7600f4a64ca516a985c037be7ae3d7dc71541a8b3653fd66164f49cd4"
"""Of its RECORD. If this test fails because a contract has changed, the contract is what to mend, or API to raise."""


@pytest.fixture(scope="module")
def registry() -> Iterator[Registry]:
    built_in = [candidate for candidate in Registry(files=()).candidates if candidate.builtin]
    theirs = find(distributions(path=[str(FOLDER)]))
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(FOLDER)
        refresh()
        yield Registry((*built_in, *theirs), files=(), settings=RegistrySettings(lock=lock(["written-for-api-1"])))
    refresh()
    forget("written_for_api_1")


def test_it_is_what_it_was(registry):
    assert registry.settings.lock["written-for-api-1"].record == FINGERPRINT
    assert {entry.kind for entry in registry.available() if not entry.builtin} == set(KINDS)


def test_a_run_made_of_nothing_but_them(registry, tmp_path):
    assert OLDEST_API == 1, "version 1 is no longer kept: delete this distribution with it"
    rows = [
        (user, item, 1_700_000_000 + 86_400 * day) for user in range(60) for day in range(40) for item in (day, user)
    ]
    text = "\n".join(["user_id,item_id,time", *(f"u{user},i{item},{time}" for user, item, time in rows)])
    (tmp_path / "log.csv").write_text(text, encoding="utf-8")
    config = {
        "k": 5,
        "threads": 1,
        "source": {"use": "one-source", "params": {"pattern": str(tmp_path / "*.csv")}},
        "split": {"use": "one-splitter"},
        "encoders": [{"use": "one-encoder"}],
        "ranker": {"use": "one-ranker"},
        "objectives": [
            {"use": "relevance", "params": {"evaluator": {"use": "one-evaluator"}}},
            {"use": "one-objective", "params": {"days": 20}},
        ],
        "policy": {"use": "one-policy"},
        "rules": [{"use": "one-rule"}],
        "optimizer": {"use": "one-optimizer"},
        "search": {"evaluations": 40},
        "observers": [{"use": "one-observer", "params": {"path": str(tmp_path / "runs.jsonl")}}],
    }
    engine = Engine(config, registry=registry)
    front = engine.run(out=tmp_path / "run")
    assert front.points
    assert not engine.observers.failures
    assert '"outcome": "done"' in (tmp_path / "runs.jsonl").read_text()
    assert len(Engine.load(tmp_path / "run", registry=registry).serve().recommend(users=["u1"], k=3)) == 3


@pytest.mark.parametrize("kind", KINDS)
def test_they_pass_the_checks_of_their_version(registry, kind):
    made = type("TestOne", (contract_of(kind),), {"spec": f"written-for-api-1/one-{kind}", "registry": registry})
    results = made.report().results
    assert [result for result in results if result.outcome == "failed"] == []
    assert sum(result.outcome == "passed" for result in results) > 5
