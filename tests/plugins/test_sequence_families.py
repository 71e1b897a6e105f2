"""Encoders `gru` and `cnn`: what every network over histories must do, and their definitions."""

import threading

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from test_transformer import ITEMS, SMALL, StopAfter, fit_data, histories_of, table, walks

from paretorec.contracts import RunContext, State
from paretorec.errors import ArtifactError, ConfigError, Interrupted
from paretorec.training import length_batches
from paretorec_plugins.sequence.convolution import CausalConvolution, ConvolutionBlock
from paretorec_plugins.sequence.encoder import CnnEncoder, GruEncoder
from paretorec_plugins.sequence.families import CnnConfig, GruConfig
from paretorec_plugins.sequence.inputs import Inputs
from paretorec_plugins.sequence.network import Network
from paretorec_plugins.sequence.recurrence import GruBlock
from paretorec_plugins.sequence.task import NextItem

FAMILIES = {"gru": (GruEncoder, GruConfig, {"layers": 2}), "cnn": (CnnEncoder, CnnConfig, {"dilations": (1, 2)})}
LENGTH = SMALL["length"]
LAW = settings(deadline=None, max_examples=25)


def config_of(family, **changes):
    _, kind, fields = FAMILIES[family]
    return kind(**(SMALL | fields | changes))


def network_of(family, seed=0, **changes):
    return Network(ITEMS, config_of(family, **changes), torch.Generator().manual_seed(seed)).eval()


def fitted(family, data, run=None, **changes):
    encoder = FAMILIES[family][0](config_of(family, **changes))
    encoder.fit(data, run or RunContext())
    return encoder


@pytest.fixture(params=FAMILIES)
def family(request):
    return request.param


@pytest.fixture(scope="module", params=FAMILIES)
def walker(request):
    return fitted(request.param, fit_data(walks(150)))


def test_it_learns_what_comes_next(walker):
    scores = (
        walker.encode_users(histories_of([[2, 3, 4], [7, 8, 9], [5, 6, 7, 8]])) @ walker.encode_items(table(ITEMS)).T
    )
    assert scores.argmax(1).tolist() == [5, 0, 9]


def test_a_row_is_the_same_bits_alone_and_in_any_company(walker):
    lists = [[], [3], [2] * 40, [1, 99, 4], *walks(20, seed=3)]
    histories = histories_of(lists)
    together = walker.encode_users(histories)
    assert np.isfinite(together).all()
    order = np.random.default_rng(0).permutation(len(lists))
    assert np.array_equal(walker.encode_users(histories.take(order)), together[order])
    for row in range(len(lists)):
        assert np.array_equal(walker.encode_users(histories.take([row]))[0], together[row])


def test_only_the_newest_items_count(walker):
    tail = list(np.random.default_rng(0).integers(0, ITEMS, LENGTH))
    together = walker.encode_users(histories_of([tail, [1, 2, 3, *tail]]))
    assert np.array_equal(together[0], together[1])


def test_the_state_brings_the_same_encoder_back(walker):
    state = walker.state()
    again = type(walker)(walker.config)
    again.restore(State(dict(state.arrays), dict(state.meta)), table(ITEMS + 4))
    histories = histories_of(walks(9))
    assert np.array_equal(again.encode_users(histories), walker.encode_users(histories))
    other = type(walker)(type(walker.config)(**(walker.config.model_dump() | {"width": 8})))
    with pytest.raises(ArtifactError, match=f"encoder {walker.config.encoder} was fitted with width = 16"):
        other.restore(state, table(ITEMS))


@LAW
@given(st.sampled_from(list(FAMILIES)), st.integers(2, LENGTH + 1), st.data())
@torch.no_grad()
def test_nothing_looks_ahead(family, length, data):
    network = network_of(family)
    tokens = torch.randint(1, ITEMS + 1, (1, length), generator=torch.Generator().manual_seed(length))
    place = data.draw(st.integers(1, length - 1))
    other = tokens.clone()
    other[0, place] = tokens[0, place] % ITEMS + 1
    before, after = network(Inputs(tokens)), network(Inputs(other))
    torch.testing.assert_close(after[0, :place], before[0, :place], rtol=0, atol=1e-6)
    assert not torch.allclose(after[0, place], before[0, place], atol=1e-4)


@LAW
@given(st.sampled_from(list(FAMILIES)), st.lists(st.integers(0, LENGTH), min_size=1, max_size=5))
@torch.no_grad()
def test_one_position_alone_is_that_position_of_all(family, newest):
    network = network_of(family)
    tokens = torch.randint(0, ITEMS + 1, (len(newest), LENGTH + 1), generator=torch.Generator().manual_seed(1))
    position = torch.tensor(newest)
    every = network(Inputs(tokens))[torch.arange(len(newest)), position]
    torch.testing.assert_close(network.at(Inputs(tokens), position), every, rtol=0, atol=1e-6)


def losses(family, lists, batches):
    """(mean loss over all targets, its gradients by parameter), from these batches of rows."""
    config = config_of(family, dropout=0.0)
    model = Network(ITEMS, config, torch.Generator().manual_seed(0)).double().train()
    histories = histories_of(lists)
    task = NextItem(model, histories, np.arange(ITEMS + 1), config, torch.Generator(), lambda: None)
    targets = np.minimum(histories.length, config.length + (histories.length <= config.length + 1))
    total = sum(task.loss(batch) * targets[batch].sum() for batch in batches) / targets.sum()
    total.backward()
    return total.item(), {name: parameter.grad for name, parameter in model.named_parameters()}


@settings(max_examples=10, deadline=None)
@given(
    st.sampled_from(list(FAMILIES)),
    st.lists(st.lists(st.integers(0, ITEMS - 1), min_size=1, max_size=20), min_size=1, max_size=8),
    st.integers(1, 80),
)
def test_bucketed_batches_have_the_loss_and_the_gradients_of_single_histories(family, lists, tokens):
    lengths = np.minimum([len(items) for items in lists], LENGTH + 1)
    bucketed = length_batches(lengths, tokens, np.random.default_rng(0))
    single = [np.array([row]) for row in range(len(lists))]
    (together, gradients), (alone, expected) = (losses(family, lists, batches) for batches in (bucketed, single))
    assert together == pytest.approx(alone, rel=1e-5)
    for name, gradient in gradients.items():
        torch.testing.assert_close(gradient, expected[name], atol=1e-5, rtol=1e-4)


def test_an_interrupted_fit_goes_on_to_the_same_encoder(family, tmp_path):
    data = fit_data(walks(40))
    expected = fitted(family, data, epochs=3).encode_items(table(ITEMS))
    stop = threading.Event()
    run = RunContext(folder=tmp_path, stop=stop, progress=StopAfter(stop, 1))
    with pytest.raises(Interrupted):
        fitted(family, data, run, epochs=3)
    assert len(list(tmp_path.iterdir())) == 1
    resumed = fitted(family, data, RunContext(folder=tmp_path), epochs=3)
    assert np.array_equal(resumed.encode_items(table(ITEMS)), expected)


def test_the_exported_convolutions_give_what_the_encoder_gives(tmp_path):
    onnxruntime = pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxscript")
    encoder = fitted("cnn", fit_data(walks(40)), epochs=2)
    encoder.export(tmp_path / "encoder.onnx", "onnx", table(ITEMS), 3)
    lists = [list(np.random.default_rng(n).integers(0, ITEMS, n)) for n in range(1, 2 * LENGTH)]
    history = np.full((len(lists), 2 * LENGTH), -1, np.int64)
    for row, items in enumerate(lists):
        history[row, : len(items)] = items
    session = onnxruntime.InferenceSession(tmp_path / "encoder.onnx")
    items, found = session.run(["items", "scores"], {"history": history})
    scores = encoder.encode_users(histories_of(lists)) @ encoder.encode_items(table(ITEMS)).T
    np.testing.assert_allclose(found, np.take_along_axis(scores, items, axis=1), atol=1e-4)
    np.testing.assert_allclose(found, -np.sort(-scores, axis=1)[:, :3], atol=1e-4)


def test_recurrence_is_not_exported_for_one_length_alone(tmp_path):
    encoder = fitted("gru", fit_data(walks(5)), epochs=1)
    with pytest.raises(ConfigError, match="encoder gru cannot be exported"):
        encoder.export(tmp_path / "encoder.onnx", "onnx", table(ITEMS), 3)


@LAW
@given(st.integers(1, 9), st.integers(2, 4), st.integers(1, 4), st.integers(0, 99))
@torch.no_grad()
def test_a_convolution_is_the_sum_over_what_stands_before(size, kernel, dilation, seed):
    torch.manual_seed(seed)
    layer, x = CausalConvolution(3, kernel, dilation), torch.randn(2, size, 3)
    weight = layer.weight.view(3, kernel, 3)
    for place in range(size):
        expected = layer.bias.expand(2, 3).clone()
        for back in range(kernel):
            if place - back * dilation >= 0:
                expected += x[:, place - back * dilation] @ weight[:, kernel - 1 - back].T
        torch.testing.assert_close(layer(x)[:, place], expected, rtol=0, atol=1e-5)


@torch.no_grad()
def test_gated_units_are_those_of_the_definition():
    torch.manual_seed(0)
    block = GruBlock(GruConfig(width=4, dropout=0.0), torch.Generator())
    x = torch.randn(1, 6, 4, generator=torch.Generator().manual_seed(0))
    told, state = block.norm(x)[0], torch.zeros(4)
    (in_r, in_z, in_n), (at_r, at_z, at_n) = (
        getattr(block.units, f"weight_{name}_l0").chunk(3) for name in ("ih", "hh")
    )
    (b_r, b_z, b_n), (c_r, c_z, c_n) = (getattr(block.units, f"bias_{name}_l0").chunk(3) for name in ("ih", "hh"))
    for place in range(6):
        reset = torch.sigmoid(in_r @ told[place] + b_r + at_r @ state + c_r)
        update = torch.sigmoid(in_z @ told[place] + b_z + at_z @ state + c_z)
        new = torch.tanh(in_n @ told[place] + b_n + reset * (at_n @ state + c_n))
        state = (1 - update) * new + update * state
        expected = x[0, place] + block.output(state)
        torch.testing.assert_close(block(x, None)[0, place], expected, rtol=0, atol=1e-5)


@torch.no_grad()
def test_a_residual_block_adds_two_convolutions_the_second_twice_as_dilated():
    torch.manual_seed(0)
    block = ConvolutionBlock(CnnConfig(width=4, kernel=2, dropout=0.0), torch.Generator(), 3)
    x = torch.zeros(1, 12, 4)
    changed = x.clone()
    changed[0, 0] = torch.randn(4, generator=torch.Generator().manual_seed(0))
    differs = (block(changed, None) - block(x, None)).abs().sum(2)[0] > 1e-6
    assert differs.nonzero().flatten().tolist() == [0, 3, 6, 9]


@pytest.mark.parametrize(
    ("kind", "fields", "problem"),
    [
        (CnnConfig, {"dilations": (1, 0)}, "dilations are numbers of items from 1 on, not 0"),
        (CnnConfig, {"kernel": 1}, "kernel"),
        (GruConfig, {"layers": 0}, "layers"),
        (GruConfig, {"heads": 2}, "heads"),
        (GruConfig, {"objective": "masked"}, "objective"),
    ],
)
def test_a_configuration_that_cannot_run_is_refused(kind, fields, problem):
    with pytest.raises(ValidationError, match=problem):
        kind(**fields)
