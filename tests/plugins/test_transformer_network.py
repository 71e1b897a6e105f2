"""The network: the default one to the bit, and the laws that every combination of its parts obeys."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import plain_transformer
from pydantic import ValidationError

from paretorec_plugins.sequence.families import TransformerConfig
from paretorec_plugins.sequence.inputs import Inputs
from paretorec_plugins.sequence.network import Network
from paretorec_plugins.sequence.positions import distance_buckets, gap_buckets

ITEMS, LENGTH = 6, 40
CLOSE = {"atol": 2e-5, "rtol": 1e-4}

FIELDS = st.fixed_dictionaries(
    {
        "attention": st.sampled_from(["softmax", "pointwise"]),
        "block": st.sampled_from(["gelu", "swiglu", "ligr"]),
        "positions": st.sampled_from(["learned", "rotary", "relative"]),
        "time_bias": st.booleans(),
        "heads": st.sampled_from([1, 2]),
        "layers": st.sampled_from([1, 2]),
        "expansion": st.sampled_from([0, 2]),
    }
)
LENGTHS = st.lists(st.integers(1, 8) | st.integers(1, LENGTH + 1), min_size=1, max_size=4)
LAW = settings(deadline=None, max_examples=60)


def network_of(fields=None, causal=True):
    config = TransformerConfig(**({"width": 8, "length": LENGTH} | (fields or {})))
    network = Network(ITEMS, config, torch.Generator().manual_seed(0), causal).eval()
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():  # far from the first weights, at which positions and biases hardly count
        for weight in network.parameters():
            weight.add_(torch.empty_like(weight).normal_(0, 0.3, generator=generator))
    return network


def inputs_of(lengths, seed=0, width=None):
    """Histories of these lengths (tokens, the start included), padded to the longest one or to `width`."""
    rng = np.random.default_rng(seed)
    width = max(lengths) if width is None else width
    tokens = np.zeros((len(lengths), width), np.int64)
    times = np.zeros((len(lengths), width), np.int64)
    asked = np.zeros((len(lengths), width), np.int64)
    for row, n in enumerate(lengths):
        gaps = rng.integers(0, 10 ** rng.integers(1, 11, n), n)  # milliseconds to a third of a year
        moments = 10**12 + np.cumsum(gaps)
        tokens[row, 1:n] = rng.integers(1, ITEMS + 1, n - 1)
        times[row, 1:n], asked[row, :n] = moments[:-1], moments
        times[row, 0] = times[row, min(1, n - 1)]
    return Inputs(*map(torch.from_numpy, (tokens, times, asked)), lengths=torch.tensor(lengths))


def changed(inputs, row, position):
    """Another item, time and moment at one position."""
    tokens, times, asked = (part.clone() for part in (inputs.tokens, inputs.times, inputs.asked))
    tokens[row, position] = tokens[row, position] % ITEMS + 1
    times[row, position] -= 10**8
    asked[row, position] += 10**8
    return replace(inputs, tokens=tokens, times=times, asked=asked)


def rows_of(inputs, rows):
    return Inputs(inputs.tokens[rows], inputs.times[rows], inputs.asked[rows], lengths=inputs.lengths[rows])


@torch.no_grad()
def test_the_plain_network_computes_what_it_always_did_to_the_bit():
    config = TransformerConfig(width=64, heads=1, length=LENGTH, positions="learned", block="gelu")
    network = Network(ITEMS, config, torch.Generator().manual_seed(3)).eval()
    weights = network.state_dict()
    drawn = plain_transformer.first_weights(
        ITEMS, config.width, LENGTH, config.layers, config.expansion, torch.Generator().manual_seed(3)
    )
    for name, weight in weights.items():
        expected = drawn.get(name, torch.ones(()) if "norm.weight" in name else torch.zeros(()))
        assert torch.equal(weight, expected.expand_as(weight)), name
    inputs = inputs_of([6, 3])
    expected = plain_transformer.forward(weights, inputs.tokens, config.layers, config.heads)
    assert torch.equal(network(Inputs(inputs.tokens)), expected)


@torch.no_grad()
@LAW
@given(FIELDS, st.booleans(), st.integers(1, 7) | st.integers(1, LENGTH + 1), st.integers(0, 2**32))
def test_every_network_computes_its_definition(fields, causal, length, seed):
    network = network_of(fields, causal)
    inputs = inputs_of([length], seed)
    weights = {name: weight.numpy() for name, weight in network.state_dict().items()}
    plain = plain_transformer.ByDefinition(weights, network.config.model_dump(), causal)
    expected = plain(*(part[0].numpy() for part in (inputs.tokens, inputs.times, inputs.asked)))
    np.testing.assert_allclose(network(inputs)[0].numpy(), expected, **CLOSE)


@torch.no_grad()
@LAW
@given(FIELDS, st.booleans(), LENGTHS, st.data())
def test_one_position_alone_is_that_position_of_all(fields, causal, lengths, data):
    network, inputs = network_of(fields, causal), inputs_of(lengths)
    position = torch.tensor([data.draw(st.integers(0, n - 1)) for n in lengths])
    every = network(inputs)[torch.arange(len(lengths)), position]
    torch.testing.assert_close(network.at(inputs, position), every, **CLOSE)


@torch.no_grad()
@LAW
@given(FIELDS, st.integers(2, 12), st.data())
def test_nothing_looks_ahead(fields, length, data):
    network, inputs = network_of(fields), inputs_of([length, length])
    position = data.draw(st.integers(1, length - 1))
    before, after = network(inputs), network(changed(inputs, 1, position))
    assert torch.equal(before[:, :position], after[:, :position])
    assert not torch.allclose(before[1, position], after[1, position], atol=1e-4)


@torch.no_grad()
@LAW
@given(FIELDS, st.integers(2, 12), st.data())
def test_unless_it_may(fields, length, data):
    network, inputs = network_of(fields, causal=False), inputs_of([length])
    before, after = network(inputs), network(changed(inputs, 0, data.draw(st.integers(1, length - 1))))
    assert (before - after).abs().amax(2).min() > 1e-6


@torch.no_grad()
@LAW
@given(FIELDS, st.booleans(), LENGTHS, st.integers(1, 5), st.integers(1, ITEMS))
def test_padding_changes_nothing_whatever_it_is(fields, causal, lengths, more, token):
    network, inputs = network_of(fields, causal), inputs_of(lengths)
    width = min(max(lengths) + more, LENGTH + 1)
    wider = inputs_of(lengths, width=width)
    padding = torch.arange(width) >= inputs.lengths[:, None]
    noise = [torch.where(padding, token * 10**9, part) for part in (wider.times, wider.asked)]
    wider = Inputs(torch.where(padding, token, wider.tokens), *noise, lengths=inputs.lengths)
    first, second = network(inputs), network(wider)
    for row, n in enumerate(lengths):
        torch.testing.assert_close(first[row, :n], second[row, :n], **CLOSE)


@torch.no_grad()
@LAW
@given(FIELDS, st.booleans(), st.sampled_from([8, 12, 20]), st.integers(1, 12), st.integers(0, 2**32))
def test_a_row_is_the_same_bits_in_any_place_beside_any_others(fields, causal, width, longest, seed):
    rng = np.random.default_rng(seed)
    network = network_of(fields | {"width": width}, causal)
    everybody = inputs_of([longest, *rng.integers(1, longest + 1, 14)], seed)
    rows = rng.integers(1, 15, (2, 8))
    rows[0, 0] = rows[1, 7] = 0  # one in two companies, first and last: kernels end a tensor in a way of their own
    here, there = (rows_of(everybody, torch.from_numpy(company)) for company in rows)
    assert torch.equal(network(here)[0], network(there)[7])
    assert torch.equal(network.at(here, here.lengths - 1)[0], network.at(there, there.lengths - 1)[7])


@torch.no_grad()
@LAW
@given(FIELDS, st.booleans(), LENGTHS, st.permutations(range(ITEMS)))
def test_permuting_the_catalogue_permutes_the_scores(fields, causal, lengths, order):
    network, inputs = network_of(fields, causal), inputs_of(lengths)
    scores = network(inputs) @ network.item_vectors.T
    place = torch.tensor([0, *(order.index(item) + 1 for item in range(ITEMS))])
    table = torch.cat([network.tokens.weight[:1], network.item_vectors[list(order)]])
    again = network(replace(inputs, tokens=place[inputs.tokens]), table) @ table[1:].T
    torch.testing.assert_close(again, scores[..., list(order)], **CLOSE)


@torch.no_grad()
@LAW
@given(FIELDS, st.booleans())
def test_order_matters(fields, causal):
    inputs = inputs_of([4])
    a, b = (network_of(fields, causal)(replace(inputs, tokens=torch.tensor([t]))) for t in ([0, 1, 2, 3], [0, 2, 1, 3]))
    assert not torch.allclose(a[0, -1], b[0, -1], atol=1e-5)


@torch.no_grad()
@pytest.mark.parametrize("positions", ["rotary", "relative"])
def test_only_distances_count_where_positions_are_not_learned(positions):
    network = network_of({"positions": positions, "layers": 1})
    short, shifted = torch.tensor([[1, 2, 3]]), torch.tensor([[1, 2, 3, 1, 2, 3]])
    alone = network(Inputs(short))[0, 1]
    table = network.tokens.weight.clone()
    assert not torch.allclose(network(Inputs(shifted), table)[0, 4], alone, atol=1e-3)  # it sees more
    windows = network(Inputs(torch.tensor([[5, 5, 5, 5], [5, 5, 0, 5]])))
    torch.testing.assert_close(windows[0, 3], windows[0, 1], **CLOSE)  # of equal tokens any number is as one
    assert not torch.allclose(windows[1, 3], windows[0, 3], atol=1e-3)


@torch.no_grad()
def test_the_moment_asked_for_counts_only_with_a_time_bias():
    inputs = inputs_of([6])
    later = replace(inputs, asked=inputs.asked + 10**9)
    for time_bias in (False, True):
        network = network_of({"time_bias": time_bias})
        assert torch.equal(network(inputs), network(later)) is not time_bias
    with pytest.raises(ValueError, match="time_bias needs"):
        network(Inputs(inputs.tokens))


@settings(deadline=None)
@given(st.integers(0, 6000) | st.sampled_from([2**n for n in range(13)]))
def test_distances_fall_into_the_buckets_of_the_definition(distance):
    assert distance_buckets(torch.tensor([distance])).item() == plain_transformer.distance_bucket(distance)


@settings(deadline=None)
@given(st.integers(0, 2**42) | st.integers(0, 10**5) | st.integers(0, 32).map(lambda n: 1000 * (2**n - 1)))
def test_gaps_fall_into_the_buckets_of_the_definition(milliseconds):
    bucket = gap_buckets(torch.tensor([milliseconds])).item()
    exact = plain_transformer.gap_bucket(milliseconds)
    rounded = plain_transformer.gap_bucket(int(milliseconds * (1 + 2**-22)) + 1)  # the float knows 24 digits
    assert exact <= bucket <= rounded


@torch.no_grad()
@LAW
@given(FIELDS, st.booleans(), LENGTHS)
def test_half_precision_is_nearly_the_same(fields, causal, lengths):
    network, inputs = network_of(fields, causal), inputs_of(lengths)
    with torch.autocast("cpu", torch.bfloat16):
        rough = network(inputs)
    assert (rough - network(inputs)).abs().mean() < 0.1


@LAW
@given(FIELDS, st.booleans())
def test_every_weight_learns(fields, causal):
    network = network_of(fields, causal)
    inputs = inputs_of([9, 5])
    (network(inputs)[:, :5] @ network.item_vectors.T).square().sum().backward()
    for name, weight in network.named_parameters():
        assert weight.grad is not None, name
        assert weight.grad.abs().max() > 0, name


def test_rotation_needs_an_even_head():
    with pytest.raises(ValidationError, match="even width of a head, not 3"):
        TransformerConfig(width=6, heads=2, positions="rotary")
