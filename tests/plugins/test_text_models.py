"""Vectors of texts: those of a plain loop with Hugging Face's transformers, one text at a time."""

import json

import numpy as np
import pytest
import tiny_models as tiny
import torch
from oracles import plain_text as plain

from paretorec.contracts import RunContext
from paretorec.errors import ConfigError, Interrupted
from paretorec_plugins.text.config import TextConfig
from paretorec_plugins.text.vectors import TextVectors

TEXTS = ["red shoes", "Blue hat", "a set of two green socks", "tea", "chess", "red shoes and blue shoes and " * 4]
NORMALIZED = {"pooling_mode": "mean"}


def made(folder, texts=TEXTS, run=None, **params):
    params = {"cache": "off", **params}
    return TextVectors(TextConfig(model=folder, **params)).of(np.array(texts, object), run or RunContext())


@pytest.mark.parametrize(
    ("kind", "params", "pooling", "limit"),
    [
        (tiny.bert, {}, plain.mean, tiny.PLACES),
        (tiny.bert, {"pooling": "cls"}, plain.first, tiny.PLACES),
        (tiny.roberta, {}, plain.mean, tiny.PLACES),  # its table of places is two longer than the texts it reads
        (tiny.gpt, {}, plain.last, tiny.PLACES),
        (tiny.gpt, {"pooling": "mean"}, plain.mean, tiny.PLACES),
    ],
    ids=["bert", "bert-cls", "roberta", "gpt", "gpt-mean"],
)
def test_encoders_are_pooled_by_the_mean_and_decoders_by_the_last_token(tmp_path, kind, params, pooling, limit):
    folder = kind(tmp_path)
    wanted = plain.vectors(folder, TEXTS, pooling, limit)
    np.testing.assert_allclose(made(folder, **params), wanted, atol=2e-6)
    np.testing.assert_allclose(made(folder, batch_tokens=1, **params), wanted, atol=2e-6)


def test_of_an_encoder_with_a_decoder_the_encoder_reads(tmp_path):
    folder = tiny.t5(tmp_path)
    wanted = plain.vectors(folder, TEXTS, plain.mean, 512, lambda model: model.get_encoder())
    np.testing.assert_allclose(made(folder), wanted, atol=2e-6)


@pytest.mark.parametrize(
    ("said", "poolings"),
    [
        ({"pooling_mode": "mean"}, [plain.mean]),
        ({"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False}, [plain.first]),
        ({"pooling_mode_mean_tokens": True, "pooling_mode_max_tokens": True}, [lambda h: h.amax(0), plain.mean]),
        ({"pooling_mode": ["lasttoken", "weightedmean"]}, [plain.last, plain.weighted_mean]),
        ({"pooling_mode": "mean_sqrt_len_tokens"}, [lambda h: h.sum(0) / len(h) ** 0.5]),
    ],
    ids=["mean", "cls", "several", "new", "root"],
)
def test_a_sentence_transformers_folder_brings_its_pooling_and_its_limit(tmp_path, said, poolings):
    folder = tiny.sentence_bert(tmp_path, said)
    wanted = np.hstack([plain.vectors(folder, TEXTS, pooling, 6) for pooling in poolings])
    np.testing.assert_allclose(made(folder), plain.unit(wanted), atol=2e-6)
    folder = tiny.sentence_bert(tmp_path, said, after=())
    np.testing.assert_allclose(made(folder), wanted, atol=2e-6)


@pytest.mark.parametrize("weights", ["model.safetensors", "pytorch_model.bin"])
def test_a_dense_layer_of_a_sentence_transformers_folder(tmp_path, weights):
    folder = tiny.sentence_bert(tmp_path, NORMALIZED, after=("Dense", "Normalize"))
    layer = torch.nn.Linear(16, 5)
    tiny.write(
        tmp_path / "2_Dense" / "config.json",
        {"in_features": 16, "out_features": 5, "bias": True, "activation_function": "torch.nn.modules.activation.Tanh"},
    )
    saved = {f"linear.{name}": value.detach() for name, value in layer.named_parameters()}
    if weights.endswith(".bin"):
        torch.save(saved, tmp_path / "2_Dense" / weights)
    else:
        from safetensors.torch import save_file

        save_file(saved, tmp_path / "2_Dense" / weights)
    raw = torch.from_numpy(plain.vectors(folder, TEXTS, plain.mean, 6))
    np.testing.assert_allclose(made(folder), plain.unit(torch.tanh(layer(raw)).detach().numpy()), atol=2e-6)


def test_long_texts_are_cut_by_characters_first_and_then_by_tokens(tmp_path):
    folder = tiny.bert(tmp_path)
    long = "red " * 9 + "blue " * 20
    rows = made(folder, [long, "red " * 9 + "blue", "red " * 10, "red " * 9 + "tea"])
    np.testing.assert_array_equal(rows[0], rows[1])  # 12 places: two marks, nine times red, once blue
    assert np.abs(rows[2] - rows[1]).max() > 1e-3
    rows = made(folder, [long, "red red"], max_characters=7)
    np.testing.assert_array_equal(rows[0], rows[1])


def test_lower_case_where_the_folder_wants_it(tmp_path):
    folder = tiny.sentence_bert(tmp_path, NORMALIZED, lower=True)
    words = json.loads((tmp_path / "tokenizer.json").read_text())
    (tmp_path / "tokenizer.json").write_text(json.dumps(words | {"normalizer": None}))
    rows = made(folder, ["RED HAT", "red hat"])
    np.testing.assert_array_equal(rows[0], rows[1])


def test_empty_texts_are_no_numbers_and_equal_texts_are_read_once(tmp_path):
    rows = made(tiny.bert(tmp_path), ["tea", "", "  tea ", " \n ", "hat"])
    assert np.isnan(rows).all(1).tolist() == [False, True, False, True, False]
    np.testing.assert_array_equal(rows[0], rows[2])


def without(*names):
    def broken(folder):
        tiny.bert(folder)
        for name in names:
            (folder / name).unlink()
        return str(folder)

    return broken


def short_of_weights(folder):
    tiny.bert(folder)
    told = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(told | {"num_hidden_layers": 3}))
    return str(folder)


def unknown_module(folder):
    return tiny.sentence_bert(folder, NORMALIZED, after=("Router",))


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (
            without("tokenizer.json"),
            r"has no tokenizer \(tokenizer.json, .*\); copy the model's tokenizer files",
        ),
        (without("config.json"), r"is no model's folder: it has no config.json"),
        (without("model.safetensors"), r"cannot be read as a model of transformers: "),
        (short_of_weights, r"lacks weights of its bert network \(.*which would be random"),
        (unknown_module, r"has a module 'sentence_transformers.models.Router', which encoder text cannot run"),
        (lambda folder: tiny.sentence_bert(folder, {"pooling_mode": "best"}), r"has a pooling 'best', which"),
        (
            lambda _: "someone/some-model",
            r"'someone/some-model' is no folder here and would have to be downloaded",
        ),
        (lambda _: "models/a/b", r"'models/a/b' is no folder; relative paths start from"),
    ],
)
def test_what_is_no_model_is_said_in_one_sentence(tmp_path, kind, message):
    with pytest.raises(ConfigError, match=message):
        made(kind(tmp_path))


def test_what_was_read_before_an_interruption_is_kept(tmp_path, monkeypatch):
    monkeypatch.setattr("paretorec_plugins.text.vectors.CHUNK", 2)
    folder, cache = tiny.bert(tmp_path / "model"), str(tmp_path / "cache")
    run = RunContext()

    class Bars:
        def bar(self, title, total):
            class Bar:
                def __enter__(self):
                    return self

                def __exit__(self, *_):
                    return None

                def advance(self, steps=1, note=""):
                    done.append(steps)
                    if sum(done) == 4:
                        run.stop.set()

            totals.append(total)
            return Bar()

    done, totals = [], []
    object.__setattr__(run, "progress", Bars())
    with pytest.raises(Interrupted):
        made(folder, run=run, cache=cache)
    run.stop.clear()
    again = made(folder, run=run, cache=cache)
    assert totals == [6, 2]
    np.testing.assert_allclose(again, made(folder), atol=2e-6)
