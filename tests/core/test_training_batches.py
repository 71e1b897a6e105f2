"""Batches by length, dropout, schedules, optimizers, threads."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from paretorec.training import (
    SeededDropout,
    learning_rate_factor,
    length_batches,
    make_optimizer,
    torch_threads,
)

LENGTHS = st.lists(st.integers(1, 50), max_size=60).map(lambda values: np.array(values, np.int64))


@given(LENGTHS, st.integers(1, 200), st.integers(0, 99))
def test_every_sequence_is_in_one_batch_and_batches_keep_to_the_limit(lengths, tokens, seed):
    batches = length_batches(lengths, tokens, np.random.default_rng(seed))
    assert sorted(row for batch in batches for row in batch.tolist()) == list(range(len(lengths)))
    for batch in batches:
        assert len(batch) == 1 or len(batch) * lengths[batch].max() <= tokens


def test_little_is_padded_and_neighbours_change():
    rng = np.random.default_rng(0)
    lengths = rng.integers(1, 200, 2000)
    first, second = (length_batches(lengths, 3200, rng) for _ in range(2))
    padded = sum(len(batch) * lengths[batch].max() for batch in first)
    assert padded < 1.15 * lengths.sum()
    assert {frozenset(batch.tolist()) for batch in first} != {frozenset(batch.tolist()) for batch in second}


def test_dropout_keeps_the_mean_and_its_rate():
    dropout = SeededDropout(0.25, torch.Generator().manual_seed(0))
    out = dropout(torch.ones(1001, 7))
    assert (out == 0).float().mean().item() == pytest.approx(0.25, abs=0.02)
    assert out[out > 0].unique().tolist() == pytest.approx([4 / 3])
    assert torch.equal(dropout.eval()(torch.ones(3)), torch.ones(3))


def test_dropout_draws_from_its_own_generator_only():
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    generator = torch.Generator()
    masks = []
    for _ in range(2):
        generator.manual_seed(1)
        masks.append(SeededDropout(0.5, generator)(torch.ones(50)))
    assert torch.equal(*masks)
    assert torch.equal(torch.rand(3), expected)


def test_dropout_passes_gradients_where_it_passed_values():
    x = torch.ones(40, requires_grad=True)
    out = SeededDropout(0.5, torch.Generator().manual_seed(0))(x)
    out.sum().backward()
    assert torch.equal(x.grad, out.detach())


@given(st.floats(0, 1), st.floats(0, 1))
def test_cosine_rises_to_the_peak_and_falls_to_the_end(a, b):
    low, high = sorted((a, b))
    factors = [learning_rate_factor("cosine", x, 0.2, 0.1) for x in (low, high)]
    assert all(0 <= factor <= 1 for factor in factors)
    assert factors[0] <= factors[1] + 1e-12 if high < 0.2 else low < 0.2 or factors[0] >= factors[1] - 1e-12
    assert learning_rate_factor("cosine", 0.2, 0.2, 0.1) == pytest.approx(1)
    assert learning_rate_factor("cosine", 1, 0.2, 0.1) == pytest.approx(0.1)
    assert learning_rate_factor("constant", high, 0, 0.1) == 1


@pytest.mark.parametrize("name", ["adam", "adamw", "rmsprop", "sgd"])
def test_every_optimizer_goes_downhill(name):
    x = torch.nn.Parameter(torch.full((3,), 2.0))
    optimizer = make_optimizer(name, [x], 0.01)
    for _ in range(30):
        optimizer.zero_grad()
        (x**2).sum().backward()
        optimizer.step()
    assert (x.abs() < 1.9).all()


def test_threads_are_as_before_afterwards_also_after_an_error():
    before = torch.get_num_threads()

    def fail():
        with torch_threads(before + 1):
            assert torch.get_num_threads() == before + 1
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert torch.get_num_threads() == before
