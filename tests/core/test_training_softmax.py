"""The chunked losses against plain ones with autograd's gradients, and what happens at the edges."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import plain_losses as plain

from paretorec.errors import ConfigError
from paretorec.training import Similarity, float_products, gbce_loss, gbce_power, precision, softmax_loss, uses_bf16
from paretorec.training.blocks import equal_blocks

CPU = torch.device("cpu")
needs_amx = pytest.mark.skipif(not precision.has_bf16(CPU), reason="no AMX: float32 factors stay float32")


@st.composite
def problems(draw, scales=(0.1, 1.0, 30.0)):
    """30: exp overflows unless the maximum is taken out. Baskets, repeated targets, queries without a target."""
    generator = torch.Generator().manual_seed(draw(st.integers(0, 2**32)))
    queries, candidates, width = draw(st.integers(1, 9)), draw(st.integers(1, 9)), draw(st.integers(1, 4))
    targets = draw(st.integers(1, 15))
    normal = lambda *size: torch.randn(*size, generator=generator, dtype=torch.float64)  # noqa: E731
    return (
        draw(st.sampled_from(scales)) * normal(queries, width),
        normal(candidates, width),
        torch.randint(queries, (targets,), generator=generator).sort().values,
        torch.randint(candidates, (targets,), generator=generator),
        normal(targets).exp(),
        normal(candidates),
    )


def computed(loss, queries, candidates, *rest, **more):
    queries, candidates = (x.clone().requires_grad_() for x in (queries, candidates))
    value = loss(queries, candidates, *rest, **more)
    (3 * value).backward()
    return value.item(), queries.grad / 3, candidates.grad / 3


def assert_equal(found, expected, tolerance):
    for pair in zip(found, expected, strict=True):
        mine, theirs = (torch.as_tensor(x, dtype=torch.float64) for x in pair)
        torch.testing.assert_close(mine, theirs, atol=tolerance, rtol=tolerance)


@settings(deadline=None)
@given(problems(), st.integers(1, 100) | st.none(), st.booleans())
def test_softmax_and_its_gradients_are_the_plain_ones_whatever_the_block(problem, block, corrected):
    queries, candidates, row, column, weight, offset = problem
    found = computed(
        softmax_loss, queries, candidates, row, column, weight=weight, offset=offset if corrected else None, block=block
    )
    expected = plain.with_gradients(plain.softmax, *problem[:5], offset * corrected, 0)
    assert_equal(found, expected, 1e-9)


@settings(deadline=None)
@given(problems(), st.integers(1, 100) | st.none(), st.sampled_from([0.1, 0.9]))
def test_label_smoothing_mixes_in_all_candidates_alike(problem, block, smoothing):
    found = computed(softmax_loss, *problem[:4], weight=problem[4], smoothing=smoothing, block=block)
    expected = plain.with_gradients(plain.softmax, *problem[:5], 0 * problem[5], smoothing)
    assert_equal(found, expected, 1e-9)


@settings(deadline=None)
@given(problems(scales=(0.1, 1.0)))
def test_float32_is_within_a_hundred_thousandth(problem):
    queries, candidates, row, column, weight, offset = (x.float() if x.is_floating_point() else x for x in problem)
    found = computed(softmax_loss, queries, candidates, row, column, weight=weight, offset=offset)
    assert_equal(found, plain.with_gradients(plain.softmax, *problem, 0), 1e-5)


@settings(deadline=None)
@given(problems(), st.integers(1, 100) | st.none(), st.integers(1, 9), st.sampled_from([0.3, 1.0]))
def test_gbce_and_its_gradients_are_the_plain_ones(problem, block, negatives, power):
    queries, candidates, row, column, weight, _ = problem
    drawn = torch.arange(negatives) ** 2 % len(candidates)
    items, times = drawn.unique(return_counts=True)
    rest = (queries, candidates, row, column)
    found = computed(gbce_loss, *rest, items, times.double(), power, weight=weight, block=block)
    assert_equal(found, plain.with_gradients(plain.gbce, *rest, drawn, power, weight), 1e-7)


@given(st.integers(1, 50), st.integers(2, 51))
def test_calibration_runs_from_plain_cross_entropy_to_the_sampling_rate(negatives, items):
    rate = min(negatives / (items - 1), 1)
    assert gbce_power(0, negatives, items) == 1
    assert gbce_power(1, negatives, items) == pytest.approx(rate)
    published = rate * (0.75 * (1 - 1 / rate) + 1 / rate)
    assert gbce_power(0.75, negatives, items) == pytest.approx(published)


@given(problems(), st.sampled_from([0.05, 1.0, 3.0]), st.booleans(), st.sampled_from(["dot", "cosine"]))
def test_logits_are_similarities_by_temperature(problem, temperature, learned, name):
    queries, candidates = problem[:2]
    similarity = Similarity(name, temperature, learned)
    left, right = similarity(queries, candidates)
    expected = queries @ candidates.T
    if name == "cosine":
        expected = expected / queries.norm(dim=1)[:, None] / candidates.norm(dim=1)
    torch.testing.assert_close((left @ right.T).double(), expected / temperature, atol=1e-5, rtol=1e-5)
    assert len(list(similarity.parameters())) == learned
    ranked = similarity.vectors(queries) @ similarity.vectors(candidates).T
    torch.testing.assert_close(ranked, expected)


def test_a_learned_temperature_has_the_gradient_of_the_definition():
    generator = torch.Generator().manual_seed(0)
    queries, candidates = (torch.randn(5, 3, generator=generator, dtype=torch.float64) for _ in range(2))
    row = torch.arange(5)
    similarity = Similarity("cosine", 0.2, learned=True).double()
    softmax_loss(*similarity(queries, candidates), row, row).backward()
    step = 1e-6
    low, high = (
        softmax_loss(*Similarity("cosine", 0.2 * math.exp(s))(queries, candidates), row, row) for s in (-step, step)
    )
    assert similarity.log_temperature.grad.item() == pytest.approx((high - low).item() / (2 * step), rel=1e-5)


def test_no_block_of_logits_outgrows_its_limit(monkeypatch):
    held = []
    allocate = torch.Tensor.new_empty
    monkeypatch.setattr(torch.Tensor, "new_empty", lambda self, *size: held.append(size) or allocate(self, *size))
    row = torch.arange(1000)
    softmax_loss(torch.randn(1000, 4), torch.randn(50, 4), row, row % 50, block=500)
    assert [np.prod(size) for size in held] == [500]


def test_without_targets_there_is_no_loss_and_no_gradient():
    empty = torch.zeros(0, dtype=torch.int64)
    negatives = torch.tensor([0, 2])
    for loss, rest in ((softmax_loss, ()), (gbce_loss, (negatives, torch.ones(2), 1.0))):
        for queries in (torch.ones(0, 2), torch.ones(3, 2)):
            value, d_queries, d_candidates = computed(loss, queries, torch.ones(3, 2), empty, empty, *rest)
            assert value == 0 == d_candidates.abs().sum()
            assert d_queries.shape == queries.shape
            assert not d_queries.any()


def test_what_is_not_a_number_stays_so():
    row = torch.arange(2)
    assert softmax_loss(torch.tensor([[1.0], [math.nan]]), torch.ones(2, 1), row, row).isnan()


def test_logits_are_float32_and_the_sum_over_targets_is_not():
    queries = torch.ones(200_000, 1)
    row = torch.arange(len(queries))
    loss = softmax_loss(queries, torch.zeros(3, 1), row, row % 3)
    assert loss.dtype == torch.float32
    assert loss.item() == pytest.approx(np.log(3), rel=1e-7)


def matrices():
    generator = torch.Generator().manual_seed(0)
    queries, candidates = (torch.randn(n, 64, generator=generator) / 4 for n in (150, 128))
    return queries, candidates, torch.arange(150), torch.arange(150) % 128


@needs_amx
def test_in_bf16_gradients_are_rounded_a_little_and_the_switch_is_put_back():
    problem = matrices()
    for loss, rest in ((softmax_loss, ()), (gbce_loss, (torch.arange(9), torch.ones(9), 1.0))):
        for block in (None, 70 * 128):
            exact, rounded = (computed(loss, *problem, *rest, block=block, bf16=bf16) for bf16 in (False, True))
            for pair in zip(rounded, exact, strict=True):
                mine, theirs = map(torch.as_tensor, pair)
                assert 0 < (mine - theirs).norm() < 0.005 * theirs.norm()
            again = computed(loss, *problem, *rest, block=block)
            assert all(torch.equal(torch.as_tensor(a), torch.as_tensor(b)) for a, b in zip(again, exact, strict=True))


def test_autocast_leaves_the_loss_alone():
    queries, candidates, row, column = matrices()
    negatives = (torch.arange(9), torch.ones(9), 1.0)
    for loss, rest in ((softmax_loss, ()), (gbce_loss, negatives)):
        alone = loss(queries, candidates, row, column, *rest)
        with torch.autocast("cpu", torch.bfloat16):
            assert torch.equal(loss(queries, candidates, row, column, *rest), alone)
            assert loss(queries.bfloat16(), candidates, row, column, *rest).dtype == torch.float32


def test_bf16_is_used_where_the_processor_has_it(monkeypatch):
    for amx in (True, False):
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda amx=amx: {"amx_bf16": amx, "avx512_bf16": True})
        assert uses_bf16("auto", CPU) is amx
        assert not uses_bf16("fp32", CPU)
    with pytest.raises(ConfigError, match='precision = "bf16" needs'):
        uses_bf16("bf16", CPU)


@given(st.integers(0, 3000), st.integers(1, 1300))
def test_blocks_of_one_size_hold_all_queries(queries, rows):
    padded, each = equal_blocks(torch.ones(queries, 2), rows)
    assert len(padded) % each == 0 == each % 64
    assert padded[:queries].all()
    assert not padded[queries:].any()
    assert each < rows + 64
    assert len(padded) - queries <= each


@needs_amx
def test_factors_are_rounded_within_the_block_only():
    left, right = matrices()[:2]
    before = left @ right.T
    with float_products(True, CPU):
        rounded = left @ right.T
    assert rounded.dtype == torch.float32
    assert not torch.equal(rounded, before)
    assert torch.equal(left @ right.T, before)
