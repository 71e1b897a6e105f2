"""A run on more days that goes on from an earlier run: what it says, what it refuses, what the encoders get."""

import json

import numpy as np
import pandas as pd
import pytest

from paretorec import Engine
from paretorec.contracts import DAY
from paretorec.errors import ArtifactError, ConfigError, DataError, FingerprintMismatch

CONFIG = {
    "threads": 1,
    "encoders": [
        {"use": "popularity"},
        {"use": "transformer", "params": {"width": 8, "length": 8, "epochs": 2, "batch_tokens": 400}},
    ],
    "search": {"evaluations": 12},
    "optimizer": {"use": "nsga2", "params": {"population": 6}},
    "certify": {"resamples": 200},
}
END = 60


def log(days, users=60):
    """Everybody walks round a circle of items; the log of fewer days is the beginning of that of more."""
    rng = np.random.default_rng(0)
    rows = []
    for user in range(users):
        first = int(rng.integers(12))
        when = np.sort(rng.integers(0, END * DAY, 40))
        rows += [(f"u{user}", f"i{(first + step) % 12}", time) for step, time in enumerate(when) if time < days * DAY]
    return pd.DataFrame(rows, columns=["user_id", "item_id", "time"]).sort_values("time", ignore_index=True)


def run(days, out, warm_start=None, config=CONFIG, **options):
    engine = Engine(config)
    engine.run(interactions=log(days), out=out, warm_start=warm_start, **options)
    return engine


@pytest.fixture(scope="module")
def old(tmp_path_factory):
    """A run on the first 30 of 60 days."""
    folder = tmp_path_factory.mktemp("old") / "run"
    run(30, folder)
    return folder


def test_the_manifest_names_the_run_that_it_went_on_from(old, tmp_path):
    engine = run(60, tmp_path / "new", old)
    manifest = json.loads((tmp_path / "new" / "manifest.json").read_text())
    bundle = json.loads((old / "manifest.json").read_text())["bundle"]
    assert manifest["warm_start"] == {"run": str(old), "bundle": bundle, "encoders": ["transformer"]}
    assert engine.fitted.id != run(60, tmp_path / "cold").fitted.id
    assert "warm_start" not in json.loads((tmp_path / "cold" / "manifest.json").read_text())
    again = Engine.load(tmp_path / "new")
    again.save(tmp_path / "copy")
    assert json.loads((tmp_path / "copy" / "manifest.json").read_text())["warm_start"] == manifest["warm_start"]


def test_the_encoder_gets_what_was_learned_with_the_items_that_it_was_learned_with(old, tmp_path, monkeypatch):
    from paretorec_plugins.sequence.encoder import TransformerEncoder

    given = []
    warm_start = TransformerEncoder.warm_start
    monkeypatch.setattr(
        TransformerEncoder,
        "warm_start",
        lambda self, state, items: given.append((state, items)) or warm_start(self, state, items),
    )
    run(60, tmp_path / "new", old)
    ((state, items),) = given
    before = Engine.load(old).fitted
    assert items.ids.tolist() == before.data.items.ids.tolist()
    saved = before.bundle.encoders["transformer"].component.state()
    np.testing.assert_array_equal(state.arrays["tokens.weight"], saved.arrays["tokens.weight"])


def test_nothing_that_was_learned_from_is_judged(old, tmp_path):
    with pytest.raises(DataError, match=r"learned from \d+ interactions on which this run would judge, such as one of"):
        run(25, tmp_path / "soon", old)
    engine = Engine.load(old)
    engine.refit()
    engine.save(tmp_path / "refitted")
    with pytest.raises(DataError, match="go on from an earlier run that was not refitted"):
        run(34, tmp_path / "refit", tmp_path / "refitted")
    run(60, tmp_path / "later", tmp_path / "refitted")
    assert not (tmp_path / "soon.partial").exists()


def test_a_start_that_fits_nothing_is_refused(old, tmp_path):
    markov = {**CONFIG, "encoders": [{"use": "popularity"}]}
    with pytest.raises(ConfigError, match=r"no encoder of this configuration can go on from .* has popularity, trans"):
        run(60, tmp_path / "a", old, markov)
    twice = {**CONFIG, "encoders": [{**CONFIG["encoders"][1], "name": "popularity"}]}
    with pytest.raises(ConfigError, match=r"'popularity' is paretorec/transformer, in .* it is paretorec/popularity"):
        run(60, tmp_path / "a", old, twice)
    wider = {**CONFIG, "encoders": [{"use": "transformer", "params": {"width": 16, "length": 8, "epochs": 1}}]}
    with pytest.raises(ArtifactError, match="fitted with width = 8, the configuration has 16"):
        run(60, tmp_path / "a", old, wider)
    with pytest.raises(ArtifactError, match="does not exist"):
        run(60, tmp_path / "a", tmp_path / "nothing")


def test_a_run_is_resumed_from_the_same_start_only(old, tmp_path):
    run(60, tmp_path / "new", old)
    (tmp_path / "new").rename(tmp_path / "new.partial")
    with pytest.raises(FingerprintMismatch, match="warm start"):
        run(60, tmp_path / "new", resume=True)
    run(60, tmp_path / "new", old, resume=True)
