"""The third party's components do real work, so that what is installed beside core is more than a name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from fake_site import forget

from paretorec.contracts import (
    ComponentRef,
    Evaluations,
    FitData,
    Histories,
    ItemTable,
    Requests,
    RunContext,
    SearchProblem,
)
from paretorec.registry import Candidate, Registry

CANDIDATES = (
    Candidate("encoder", "next-item", "acme-paretorec", "2.1.0", "acme_paretorec"),
    Candidate("optimizer", "nsga2", "acme-paretorec", "2.1.0", "acme_paretorec"),
)


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    monkeypatch.syspath_prepend(Path(__file__).parent / "distributions" / "acme_paretorec" / "src")
    yield Registry(CANDIDATES, files=())
    forget("acme_paretorec")


def histories(*rows: list[int]) -> Histories:
    length = np.array([len(row) for row in rows], np.int64)
    end = np.cumsum(length)
    items = np.array([item for row in rows for item in row], np.int32)
    now = np.full(len(rows), 100, np.int64)
    return Histories(
        items, np.arange(len(items), dtype=np.int64), {}, end - length, end, now, np.arange(len(rows), dtype=np.int32)
    )


def fit_data(past: Histories, items: int) -> FitData:
    table = ItemTable(np.array([str(item) for item in range(items)], object), np.zeros(items, np.int64))
    none = Requests(np.zeros(0, np.int32), np.zeros(0, np.int64), np.zeros(1, np.int64), np.zeros(0, np.int32), {})
    return FitData(past, table, (), none, past.take([]), np.arange(len(past)).astype(object))


def test_next_item_ranks_what_came_next_and_survives_saving(registry):
    data = fit_data(histories([0, 1, 2], [0, 1], [3, 4], [0, 4]), 6)
    encoder = registry.build("encoder", ComponentRef(use="next-item", params={"shrinkage": 0})).component
    encoder.fit(data, RunContext())
    asked = histories([0], [3], [5], [])
    scores = encoder.score(asked, None)
    assert scores.shape == (4, 6)
    assert scores.dtype == np.float32
    np.testing.assert_allclose(scores[0], [0, 2 / 3, 0, 0, 1 / 3, 0], rtol=1e-6)
    assert scores[1].argmax() == 4
    assert not scores[2:].any()
    some = np.array([[1, 4, -1]] * 4, np.int32)
    np.testing.assert_array_equal(encoder.score(asked, some)[:, :2], scores[:, [1, 4]])

    again = registry.build("encoder", ComponentRef(use="next-item")).component
    again.restore(encoder.state(), fit_data(data.histories, 8).items)
    np.testing.assert_array_equal(again.score(asked, None), np.pad(scores, ((0, 0), (0, 2))))


def test_the_evolution_strategy_finds_the_front_of_schaffers_problem(registry):
    problem = SearchProblem(np.array([-10.0]), np.array([10.0]), ("near 0", "near 2"), np.zeros((0, 1)))

    def run(seed: int) -> np.ndarray:
        optimizer = registry.build("optimizer", ComponentRef(use="nsga2", params={"step": 0.05})).component
        optimizer.setup(problem, seed)
        for _ in range(40):
            x = optimizer.ask()
            assert ((x >= problem.lower) & (x <= problem.upper)).all()
            values = np.concatenate([x**2, (x - 2) ** 2], axis=1)
            optimizer.tell(x, Evaluations(values, np.zeros_like(values), np.ones(len(x), bool)))
        return optimizer.ask()

    asked = run(0)
    # The front is x in [0, 2]; a step has standard deviation 1.
    assert ((asked > -3) & (asked < 5)).all()
    assert np.array_equal(asked, run(0))
    assert not np.array_equal(asked, run(1))
