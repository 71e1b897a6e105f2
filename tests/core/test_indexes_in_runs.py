"""Candidates found by an index: those of all scores where it is exact; saved with the run; refused in words."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from simulated_shop import SHOP

from paretorec import Engine
from paretorec.artifact import read_json
from paretorec.data.histories import HistoryIndex
from paretorec.errors import ConfigError

CONFIG = {
    **SHOP,
    "source": {"use": "simulated-store", "params": {"users": 120, "weeks": 12, "items": 120}},
    "encoders": [{"use": "popularity"}, {"use": "attributes"}],
    "optimizer": {"use": "random"},
    "search": {"evaluations": 40, "points": 6},
    "certify": {"resamples": 200},
    "pick": {},
}


def run(folder, **candidates):
    engine = Engine({**CONFIG, "candidates": {"size": 30, **candidates}})
    engine.run(out=folder)
    return engine


@pytest.fixture(scope="module")
def searched(tmp_path_factory):
    folder = tmp_path_factory.mktemp("searched") / "run"
    return folder, run(folder, index={"use": "exact"})


def asked(data, now):
    """A block of requests."""
    return HistoryIndex(data).at(np.arange(32, dtype=np.int32), np.full(32, now, np.int64), {})


def views(engine):
    """(of all scores, of the index): what one block of requests may choose from, by the same encoders."""
    bundle = engine.fitted.bundle
    histories = asked(engine.fitted.data, engine.fitted.data.time.max() + 1)
    plain = {name: replace(encoder, index=None) for name, encoder in bundle.encoders.items()}
    return replace(bundle, encoders=plain).view(histories), bundle.view(histories)


def test_an_exact_index_finds_what_all_scores_say(searched):
    plain, found = views(searched[1])
    np.testing.assert_array_equal(found.items, plain.items)
    for name in ("popularity", "attributes"):
        np.testing.assert_allclose(found.scores[name], plain.scores[name], rtol=1e-5, atol=1e-6)
    assert list(found.scores) == list(plain.scores)
    np.testing.assert_array_equal(found.user_vectors["attributes"], plain.user_vectors["attributes"])


def test_items_that_are_not_there_yet_are_not_found(searched):
    bundle, data = searched[1].fitted.bundle, searched[1].fitted.data
    late = np.arange(len(data.items)) % 3 == 0
    table = replace(bundle.items, first_seen=np.where(late, data.time.max() + 9, 0))
    items = replace(bundle, items=table).view(asked(data, data.time.max() + 1)).items
    assert (items >= 0).all()
    assert not late[items].any()


def test_a_saved_run_serves_the_same_with_its_index(tmp_path):
    engine = run(tmp_path / "run", index={"use": "faiss", "params": {"m": 8}})
    users = [str(name) for name in engine.fitted.data.user_ids[:20]]
    lists = engine.serve(engine.front.points[0]).recommend(users=users)
    again = Engine.load(tmp_path / "run")
    assert again.serve(again.front.points[0]).recommend(users=users).equals(lists)
    components = read_json(tmp_path / "run" / "manifest.json")["components"]
    assert [(one["instance"], one["name"]) for one in components if one["kind"] == "index"] == [("attributes", "faiss")]
    assert (tmp_path / "run" / "states" / "index-attributes.json").is_file()


def test_an_index_must_have_vectors_to_search():
    with pytest.raises(ConfigError, match="no encoder of popularity has any"):
        Engine({**CONFIG, "encoders": [{"use": "popularity"}], "candidates": {"index": {"use": "exact"}}}).run()
    with pytest.raises(ConfigError, match='index is for mode = "union"'):
        Engine({**CONFIG, "candidates": {"mode": "catalogue", "index": {"use": "exact"}}}).run()
    with pytest.raises(ConfigError, match=r"candidates\.index\.params\.kind"):
        Engine({**CONFIG, "candidates": {"index": {"use": "faiss", "params": {"kind": "tree"}}}}).run()
