"""Signals in temporary files are the signals in memory, and a judge gives the same results on them."""

from dataclasses import replace

import numpy as np
import pytest
from judge_cases import ByFirstSignal, Weighted, make_batch, make_truth

from paretorec.contracts import Exposure, Gain
from paretorec.data.mapped import forget, mapped
from paretorec.judge import Judge
from paretorec.stored import stored


def cut(batch, size=32):
    return (batch.take(slice(start, start + size)) for start in range(0, len(batch), size))


@pytest.fixture
def batch():
    return make_batch(np.random.default_rng(1), 300, 20, 3, items=40)


def test_more_than_the_budget_is_in_files_that_no_path_leads_to(batch, tmp_path):
    found = stored(cut(batch), 300, batch.names, memory=1000, folder=tmp_path)
    for name in ("values", "mask", "items"):
        assert isinstance(getattr(found, name), np.memmap)
        assert np.array_equal(getattr(found, name), getattr(batch, name))
        assert getattr(found, name).dtype == getattr(batch, name).dtype
    assert list(tmp_path.iterdir()) == []


def test_what_fits_stays_in_memory(batch, tmp_path):
    found = stored(cut(batch), 300, batch.names, memory=1 << 30, folder=tmp_path)
    assert not isinstance(found.values, np.memmap)
    assert np.array_equal(found.values, batch.values)


def test_no_request_at_all_is_a_batch_too():
    empty = stored(iter(()), 0, ("a", "b"))
    assert (empty.values.shape, empty.mask.shape, empty.items.dtype) == ((0, 1, 2), (0, 1), np.int32)


def test_pages_that_left_memory_are_read_again(tmp_path):
    array = mapped((1000, 10), np.float32, tmp_path)
    array[:] = np.arange(10)
    forget(array[5:50], np.zeros(3))
    assert (array == np.arange(10)).all()


@pytest.mark.parametrize("kind", [Weighted(), ByFirstSignal()])
def test_a_judge_gives_the_same_on_files_and_without_keeping_anything(batch, tmp_path, kind):
    rng = np.random.default_rng(2)
    truth = make_truth(rng, 300, 40, users=60)
    metrics = {
        "hits": Gain(target=np.ones(len(truth.requests.target_items))),
        "shown": Exposure(lambda counts: float((counts > 0).sum())),
    }
    theta = rng.dirichlet(np.ones(3), 7) if kind.linear else np.array([[0.5], [2.0]])
    files = stored(cut(batch), 300, batch.names, memory=1000, folder=tmp_path)
    kept = Judge([batch], kind, metrics, truth, 4)
    anew = Judge([files], kind, metrics, truth, 4, memory=0, threads=2)
    assert np.isnan(anew.candidates_kept)
    assert np.array_equal(kept.lists(theta), anew.lists(theta))
    for a, b in zip(kept.evaluate(theta), anew.evaluate(theta), strict=True):
        assert np.array_equal(a, b)
    for a, b in zip(kept.parts(theta), anew.parts(theta), strict=True):
        assert np.array_equal(a, b)


@pytest.mark.parametrize(("memory", "read_again"), [(0, 3), (100_000, 2), (1 << 30, 0)])
def test_a_judge_keeps_as_much_as_memory_holds_and_reads_the_rest_again(batch, tmp_path, memory, read_again):
    class Counting(Weighted):
        blocks = 0

        def prepare(self, values):
            self.blocks += 1
            return values

    rng = np.random.default_rng(4)
    truth, theta = make_truth(rng, 300, 40), rng.dirichlet(np.ones(3), 7)
    files, kind = stored(cut(batch), 300, batch.names, memory=1000, folder=tmp_path), Counting()
    some = Judge([files], kind, {}, truth, 4, memory=memory, threads=1, loops="numpy")
    assert np.isfinite(some.candidates_kept) == (read_again == 0)
    kind.blocks = 0
    assert np.array_equal(some.lists(theta), Judge([batch], Weighted(), {}, truth, 4).lists(theta))
    assert kind.blocks == read_again


def test_users_whose_requests_are_apart_are_clusters_all_the_same(batch):
    """The judge takes users one by one; what it returns is in the order of the requests."""
    rng = np.random.default_rng(3)
    truth = make_truth(rng, 300, 40, users=25)
    metrics = {"hits": Gain(target=np.ones(len(truth.requests.target_items)), item=rng.uniform(size=40))}
    theta = rng.dirichlet(np.ones(3), 5)
    by_user = np.argsort(truth.requests.user, kind="stable")
    sorted_truth = replace(truth, requests=truth.requests.take(by_user))
    target = np.ones(len(truth.requests.target_items))
    metrics_sorted = {"hits": replace(metrics["hits"], target=target)}
    here = Judge([batch], Weighted(), metrics, truth, 4)
    there = Judge([batch.take(by_user)], Weighted(), metrics_sorted, sorted_truth, 4)
    assert np.array_equal(here.lists(theta)[:, by_user], there.lists(theta))
    assert np.array_equal(here.parts(theta)[0][..., by_user], there.parts(theta)[0])
    assert all(np.array_equal(a, b) for a, b in zip(here.evaluate(theta), there.evaluate(theta), strict=True))
