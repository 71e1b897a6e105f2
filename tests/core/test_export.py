"""Encoders as files: what is written beside them, who can, and the one sentence for those who cannot."""

from __future__ import annotations

import json

import pytest
from simulated_shop import SHOP

from paretorec import Engine
from paretorec.cli import execute
from paretorec.contracts import ComponentConfig, ComponentSpec, State
from paretorec.errors import ConfigError
from paretorec.registry import Registry

CONFIG = {
    **SHOP,
    "source": {"use": "simulated-store", "params": {"users": 100, "weeks": 12, "items": 60}},
    "optimizer": {"use": "random"},
    "search": {"evaluations": 20, "points": 4},
    "certify": {"resamples": 200},
    "pick": {},
}


class Fixed:
    """Prefers what has a high code; can be written as text."""

    formats = ("txt",)

    def __init__(self, config):
        self.count = 0

    def fit(self, data, run):
        self.count = len(data.items)

    def encode_users(self, histories):
        import numpy as np

        return np.ones((len(histories), 1), np.float32)

    def encode_items(self, items):
        import numpy as np

        return np.arange(len(items), dtype=np.float32)[:, None]

    def export(self, path, form, items, k):
        path.write_text(f"{form} {len(items)} {k}", encoding="utf-8")
        return {"inputs": {"history": "item codes"}}

    def state(self):
        return State({}, {"count": self.count})

    def restore(self, state, items):
        self.count = state.meta["count"]


@pytest.fixture(scope="module")
def engine():
    registry = Registry(files=())
    capabilities = frozenset({"vectors", "export"})
    registry.add("encoder", ComponentSpec("fixed", Fixed, ComponentConfig, "Fixed", capabilities=capabilities))
    encoders = [{"use": "popularity"}, {"use": "fixed"}]
    engine = Engine({**CONFIG, "encoders": encoders}, registry=registry)
    engine.run()
    return engine


def test_a_json_beside_the_file_says_what_it_is(engine, tmp_path):
    described = json.loads(engine.export(tmp_path / "out", form="txt", k=7).read_text(encoding="utf-8"))
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["fixed.json", "fixed.txt"]
    assert (tmp_path / "out" / described["file"]).read_text() == "txt 56 7"
    assert described["items"] == [str(name) for name in engine.fitted.data.items.ids]
    assert described["component"] == {"use": "(host)/fixed", "version": ""}
    wanted = {
        "schema": 1,
        "format": "txt",
        "encoder": "fixed",
        "k": 7,
        "bundle": engine.fitted.id,
        "fingerprint": engine.fitted.record.to_manifest("")["fingerprints"]["run"],
        "inputs": {"history": "item codes"},
    }
    assert {key: described[key] for key in wanted} == wanted


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"encoder": "popularity"}, r"encoder 'popularity' of paretorec \S+ cannot be exported; .* that can: fixed"),
        ({"encoder": "fixd"}, "no encoder 'fixd'; did you mean 'fixed'"),
        ({"form": "onnx"}, "exports to txt, not to 'onnx'"),
        ({"form": "txt", "int8": True}, "int8 is for the format onnx"),
        ({"form": "txt", "k": 57}, "the catalogue has 56 items"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(engine, tmp_path, asked, said):
    with pytest.raises(ConfigError, match=said):
        engine.export(tmp_path, **asked)
    assert list(tmp_path.iterdir()) == []


def test_a_run_without_an_encoder_that_can(tmp_path, capsys):
    Engine({**CONFIG, "encoders": [{"use": "popularity"}]}).run(out=tmp_path / "run")
    assert execute(["export", str(tmp_path / "run")]) == 2
    assert "none of the run's encoders can (popularity)" in capsys.readouterr().err
