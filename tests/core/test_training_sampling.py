"""Sampled candidates: an unbiased normaliser, whatever they are drawn by; negatives of binary losses."""

import numpy as np
import pytest
import torch
from oracles import plain_losses as plain

from paretorec.training import CatalogueLoss, NegativeSampler, Similarity, gbce_power, softmax_loss


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


def test_in_batch_the_normaliser_of_a_query_is_unbiased_over_batches():
    rng = np.random.default_rng(0)
    scores = rng.standard_normal(30)
    counts = rng.integers(0, 50, 30)
    sampler = NegativeSampler(counts, 1, "in-batch")
    share = (counts + 1) / (counts + 1).sum()
    sums = []
    for _ in range(4000):
        targets = np.concatenate([[7], rng.choice(30, 20, p=share)])
        drawn = sampler.draw(targets, rng)
        assert drawn.items[drawn.column].tolist() == targets.tolist()
        offset = np.where(drawn.items == 7, 0, drawn.offset)  # as the loss does with a query's own target
        sums.append(np.exp(scores[drawn.items] + offset).sum())
    error = np.std(sums) / np.sqrt(len(sums))
    assert np.mean(sums) == pytest.approx(np.exp(scores).sum(), abs=4 * error)
    assert error < 0.02 * np.mean(sums)


def test_a_batch_of_one_target_has_no_negatives():
    drawn = NegativeSampler(np.ones(5), 1, "in-batch").draw(np.array([2]), np.random.default_rng(0))
    assert drawn.items.tolist() == [2]
    assert np.isfinite(drawn.offset).all()


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
    sampled = softmax_loss(queries, items[torch.from_numpy(drawn.items)], row, column, offset=offset)
    assert sampled.item() == pytest.approx(softmax_loss(queries, items, row, target).item(), abs=1e-5)


def test_negatives_are_counted_and_drawn_alike():
    drawn = NegativeSampler(np.ones(10), 5000, "uniform").negatives(np.random.default_rng(0))
    assert drawn.items.tolist() == list(range(10))
    assert drawn.times.sum() == 5000
    assert drawn.times == pytest.approx(500, abs=5 * np.sqrt(5000 * 0.09))


def catalogue():
    """Three queries, one of them with two targets; rows of the table before the second are no items."""
    generator = torch.Generator().manual_seed(0)
    queries, table = (torch.randn(n, 4, generator=generator).double() for n in (3, 13))
    return queries.requires_grad_(), table.requires_grad_(), np.array([0, 1, 1, 2]), np.array([0, 5, 11, 7])


@pytest.mark.parametrize("loss", ["full", "sampled", "gbce"])
def test_a_catalogue_may_begin_behind_other_rows_of_a_table(loss):
    queries, table, row, target = catalogue()
    weight = np.array([1, 2, 3, 4], np.float32)
    compare = CatalogueLoss(np.ones(12), loss, similarity=Similarity("cosine", 0.1), negatives=5)
    whole = compare(queries, table, row, target, np.random.default_rng(3), weight, first=1)
    sliced = compare(queries, table[1:], row, target, np.random.default_rng(3), weight)
    assert whole.item() == sliced.item()
    found, expected = (torch.autograd.grad(value, (queries, table)) for value in (whole, sliced))
    assert all(torch.equal(mine, theirs) for mine, theirs in zip(found, expected, strict=True))
    assert not found[1][0].any()
    assert found[1][1:].any()


def test_a_catalogue_is_compared_as_the_losses_are_defined():
    queries, table, row, target = catalogue()
    dot = Similarity("dot", 1.0)
    rest = (queries, table, torch.from_numpy(row), torch.from_numpy(target))
    ones = torch.ones(4)
    full = CatalogueLoss(np.ones(13), "full", similarity=dot, smoothing=0.2)
    value = full(queries, table, row, target, np.random.default_rng(3))
    assert value.item() == pytest.approx(plain.softmax(*rest, ones, torch.zeros(13), 0.2).item())
    binary = CatalogueLoss(np.ones(13), "gbce", similarity=dot, negatives=6, calibration=0.5)
    value = binary(queries, table, row, target, np.random.default_rng(3))
    drawn = NegativeSampler(np.ones(13), 6, "uniform").negatives(np.random.default_rng(3))
    repeated = torch.from_numpy(np.repeat(drawn.items, drawn.times.astype(int)))
    assert value.item() == pytest.approx(plain.gbce(*rest, repeated, gbce_power(0.5, 6, 13), ones).item())
