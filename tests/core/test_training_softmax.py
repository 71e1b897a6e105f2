"""The chunked softmax against a plain one, and the sampled one's promise: an unbiased normaliser."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from paretorec.training import NegativeSampler, softmax_loss

_SPEC = importlib.util.spec_from_file_location(
    "plain_softmax", Path(__file__).parents[1] / "oracles" / "plain_softmax.py"
)
plain = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(plain)


@st.composite
def problems(draw):
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    queries, candidates, width = draw(st.integers(1, 9)), draw(st.integers(1, 9)), draw(st.integers(1, 4))
    targets = draw(st.integers(1, 15))
    scale = draw(st.sampled_from([0.1, 1.0, 30.0]))  # 30: exp overflows unless the maximum is taken out
    return (
        scale * rng.standard_normal((queries, width)),
        rng.standard_normal((candidates, width)),
        np.sort(rng.integers(0, queries, targets)),
        rng.integers(0, candidates, targets),
        rng.standard_normal(candidates),
    )


@settings(deadline=None)
@given(problems(), st.integers(1, 100))
def test_loss_and_gradients_are_the_plain_ones_whatever_the_block(problem, block):
    queries, candidates, row, column, offset = map(torch.from_numpy, problem)
    queries.requires_grad_()
    candidates.requires_grad_()
    loss = softmax_loss(queries, candidates, row, column, offset, block)
    (3 * loss).backward()
    expected, d_queries, d_candidates = plain.loss_and_gradients(*problem)
    assert loss.item() == pytest.approx(expected, abs=1e-9)
    np.testing.assert_allclose(queries.grad, 3 * d_queries, atol=1e-9)
    np.testing.assert_allclose(candidates.grad, 3 * d_candidates, atol=1e-9)


def test_no_block_of_logits_outgrows_its_limit(monkeypatch):
    held = []
    allocate = torch.Tensor.new_empty
    monkeypatch.setattr(torch.Tensor, "new_empty", lambda self, *size: held.append(size) or allocate(self, *size))
    row = torch.arange(1000)
    softmax_loss(torch.randn(1000, 4), torch.randn(50, 4), row, row % 50, block=500)
    assert [np.prod(size) for size in held] == [500]


def test_logits_are_float32_and_the_sum_over_targets_is_not():
    queries = torch.ones(200_000, 1)
    row = torch.arange(len(queries))
    loss = softmax_loss(queries, torch.zeros(3, 1), row, row % 3)
    assert loss.dtype == torch.float32
    assert loss.item() == pytest.approx(np.log(3), rel=1e-7)


@pytest.mark.parametrize("by", ["uniform", "popularity"])
def test_the_sampled_normaliser_is_unbiased(by):
    rng = np.random.default_rng(0)
    scores = rng.standard_normal(30)
    sampler = NegativeSampler(rng.integers(0, 50, 30), 8, by)
    targets = np.array([3, 3, 17])
    sums = []
    for _ in range(4000):
        drawn = sampler.draw(targets, rng)
        sums.append(np.exp(scores[drawn.items] + drawn.offset).sum())
    error = np.std(sums) / np.sqrt(len(sums))
    assert np.mean(sums) == pytest.approx(np.exp(scores).sum(), abs=4 * error)
    assert error < 0.02 * np.mean(sums)


def test_targets_are_candidates_once_and_without_offset():
    sampler = NegativeSampler(np.ones(100), 5, "uniform")
    targets = np.array([9, 4, 9, 60])
    drawn = sampler.draw(targets, np.random.default_rng(1))
    assert drawn.items[drawn.column].tolist() == targets.tolist()
    assert (np.diff(drawn.items) > 0).all()
    assert (drawn.offset[drawn.column] == 0).all()
    others = np.setdiff1d(np.arange(len(drawn.items)), drawn.column)
    assert np.exp(-drawn.offset[others]) == pytest.approx(1 - 0.99**5, rel=1e-5)


def test_popular_items_are_drawn_more_often():
    counts = np.array([1000, 0, 0, 0, 0, 0, 0, 0, 0, 0])
    rng = np.random.default_rng(0)
    popular, uniform = (NegativeSampler(counts, 1, by) for by in ("popularity", "uniform"))
    empty = np.zeros(0, np.int64)
    assert sum(0 in popular.draw(empty, rng).items for _ in range(50)) > 45
    assert sum(0 in uniform.draw(empty, rng).items for _ in range(50)) < 20


def test_when_every_item_is_drawn_the_sampled_loss_is_the_full_one():
    generator = torch.Generator().manual_seed(0)
    queries, items = torch.randn(6, 4, generator=generator), torch.randn(12, 4, generator=generator)
    row, target = torch.arange(6), torch.tensor([0, 5, 5, 11, 2, 7])
    drawn = NegativeSampler(np.ones(12), 2000, "uniform").draw(target.numpy(), np.random.default_rng(0))
    column, offset = torch.from_numpy(drawn.column), torch.from_numpy(drawn.offset)
    sampled = softmax_loss(queries, items[torch.from_numpy(drawn.items)], row, column, offset)
    assert sampled.item() == pytest.approx(softmax_loss(queries, items, row, target).item(), abs=1e-5)
