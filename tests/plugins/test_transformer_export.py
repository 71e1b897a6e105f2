"""The exported graph is the encoder: on histories of every length, of unknown items, with padding anywhere."""

import numpy as np
import pytest
import torch
from test_transformer import ITEMS, SMALL, fit_data, histories_of, table, walks

from paretorec.contracts import RunContext
from paretorec.errors import ConfigError
from paretorec.export import quantise
from paretorec_plugins.sequence.encoder import TransformerEncoder
from paretorec_plugins.sequence.families import TransformerConfig

onnxruntime = pytest.importorskip("onnxruntime")
pytest.importorskip("onnxscript")

CATALOGUE = ITEMS + 3
"""Three items were never in a history."""
K = 10
VARIANTS = [
    {},
    {"attention": "pointwise", "block": "ligr", "positions": "relative", "heads": 2, "objective": "masked"},
]
"""The default, and what differs from it most."""


def random_encoder(**changes):
    """Of random weights: it looks at everything."""
    encoder = TransformerEncoder(TransformerConfig(**(SMALL | {"epochs": 1} | changes)))
    encoder.fit(fit_data(walks(40), items=CATALOGUE, validation=False), RunContext())
    model, _ = encoder._fitted()
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.3 * torch.randn(parameter.shape, generator=generator))
    encoder._refresh()
    return encoder


@pytest.fixture(scope="module", params=VARIANTS, ids=["default", "far from it"])
def exported(request, tmp_path_factory):
    encoder = random_encoder(**request.param)
    path = tmp_path_factory.mktemp("exported") / "encoder.onnx"
    told = encoder.export(path, "onnx", table(CATALOGUE), K)
    return encoder, path, told


def answers(path, lists):
    """(items, scores) of the graph, one batch."""
    history = np.full((len(lists), max(map(len, lists)) + 1), -1, np.int64)
    for row, items in enumerate(lists):
        history[row, : len(items)] = items
    return onnxruntime.InferenceSession(path).run(["items", "scores"], {"history": history})


def test_it_gives_what_the_encoder_gives(exported):
    encoder, path, _ = exported
    rng = np.random.default_rng(0)
    lists = [list(rng.integers(0, CATALOGUE, n)) for n in range(3 * SMALL["length"]) for _ in range(8)]
    every = encoder.encode_users(histories_of(lists)) @ encoder.encode_items(table(CATALOGUE)).T
    order = np.argsort(-every, axis=1, kind="stable")[:, :K]
    for part in (slice(0, 1), slice(0, 9), slice(9, 70), slice(70, None)):
        items, scores = answers(path, lists[part])
        np.testing.assert_allclose(scores, np.take_along_axis(every[part], order[part], axis=1), atol=1e-4)
        same = items == order[part]
        tied = np.isclose(np.take_along_axis(every[part], items, axis=1), scores, atol=1e-5)
        assert (same | tied).all()
        assert same.mean() > 0.95


def test_padding_may_stand_anywhere_and_new_items_come_in(exported):
    _, path, _ = exported
    session = onnxruntime.InferenceSession(path)

    def best(*rows):
        return session.run(["scores"], {"history": np.array(rows, np.int64)})[0]

    alone = best([1, 2, 3])[0]
    for row in ([1, 2, 3, -1, -1], [-1, -1, 1, 2, 3], [1, -1, 2, -1, 3]):
        np.testing.assert_allclose(best(row)[0], alone, atol=1e-5)
    # Items that came after the fit stand for "any other item".
    np.testing.assert_allclose(best([1, CATALOGUE], [1, CATALOGUE + 99])[0], best([1, CATALOGUE + 5])[0], atol=1e-5)
    assert not np.allclose(best([1, 2])[0], best([2, 1])[0], atol=1e-3)


def test_it_says_what_goes_in_and_out(exported):
    _, path, told = exported
    session = onnxruntime.InferenceSession(path)
    assert [node.name for node in session.get_inputs()] == list(told["inputs"]) == ["history"]
    assert [node.name for node in session.get_outputs()] == list(told["outputs"]) == ["items", "scores"]


@pytest.mark.parametrize("field", ["time_bias", "time_features", "events"])
def test_what_needs_more_than_items_is_refused(field, tmp_path):
    encoder = TransformerEncoder(TransformerConfig(**(SMALL | {"epochs": 1, field: True})))
    encoder.fit(fit_data(walks(20), validation=False), RunContext())
    with pytest.raises(ConfigError, match=f"{field} = true cannot be exported"):
        encoder.export(tmp_path / "encoder.onnx", "onnx", table(ITEMS), K)


def test_eight_bits_are_nearly_the_same(exported, tmp_path):
    encoder, path, _ = exported
    if encoder.config.attention == "pointwise":
        pytest.skip("random weights of that kind amplify rounding")
    quantise(path, tmp_path / "small.onnx")
    exact, small = answers(path, walks(50))[1], answers(tmp_path / "small.onnx", walks(50))[1]
    assert not np.array_equal(exact, small)
    assert np.corrcoef(exact.ravel(), small.ravel())[0, 1] > 0.98
