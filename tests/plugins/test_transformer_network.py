"""The network: the default one to the bit, and the laws that every combination of its parts obeys."""

import numpy as np
import pytest
import torch
from oracles import plain_transformer

from paretorec_plugins.transformer.config import TransformerConfig
from paretorec_plugins.transformer.inputs import Inputs
from paretorec_plugins.transformer.model import Transformer

ITEMS, LENGTH = 6, 9


def network_of(**fields):
    config = TransformerConfig(**({"width": 8, "heads": 2, "length": LENGTH} | fields))
    return Transformer(ITEMS, config, torch.Generator().manual_seed(0)).eval()


@pytest.fixture(scope="module")
def network():
    return network_of()


@torch.no_grad()
def test_the_default_network_computes_what_it_always_did_to_the_bit():
    config = TransformerConfig(length=LENGTH)
    network = Transformer(ITEMS, config, torch.Generator().manual_seed(3)).eval()
    weights = network.state_dict()
    drawn = plain_transformer.first_weights(
        ITEMS, config.width, LENGTH, config.layers, config.expansion, torch.Generator().manual_seed(3)
    )
    for name, weight in weights.items():
        expected = drawn.get(name, torch.ones(()) if "norm.weight" in name else torch.zeros(()))
        assert torch.equal(weight, expected.expand_as(weight)), name
    tokens = torch.tensor([[0, 1, 2, 3, 4, 5], [0, 6, 6, 1, 0, 0]])
    expected = plain_transformer.forward(weights, tokens, config.layers, config.heads)
    assert torch.equal(network(Inputs(tokens)), expected)


@torch.no_grad()
def test_nothing_looks_ahead(network):
    first, second = (network(Inputs(torch.tensor([[0, 1, 2, *rest]]))) for rest in ([3, 4, 5], [6, 6, 6]))
    assert torch.equal(first[:, :3], second[:, :3])
    assert not torch.allclose(first[:, 3:], second[:, 3:])


@torch.no_grad()
def test_order_matters(network):
    a, b = (network(Inputs(torch.tensor([tokens])))[0, -1] for tokens in ([0, 1, 2, 3], [0, 2, 1, 3]))
    assert not torch.allclose(a, b, atol=1e-4)


@torch.no_grad()
def test_one_position_alone_is_that_position_of_all(network):
    inputs = Inputs(torch.tensor([[0, 1, 2, 3, 0, 0], [0, 5, 4, 3, 2, 1], [0, 0, 0, 0, 0, 0]]))
    last = torch.tensor([3, 5, 0])
    alone = network.at(inputs, last)
    torch.testing.assert_close(alone, network(inputs)[np.arange(3), last], atol=1e-6, rtol=1e-5)
    table = torch.cat([network.tokens.weight, torch.ones(1, 8)])  # one more vector than was learnt
    new = Inputs(torch.where(inputs.tokens == 3, ITEMS + 1, inputs.tokens))
    torch.testing.assert_close(network.at(new, last, table), network(new, table)[np.arange(3), last])
