"""`paretorec tune` from a configuration to a league table, on the simulated shop."""

import json
import math
import shlex
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from simulated_shop import SHOP

from paretorec import Engine
from paretorec.artifact import unseal
from paretorec.cli import execute
from paretorec.configfile import load_config
from paretorec.contracts import ComponentConfig, ComponentSpec
from paretorec.data.times import parse_times
from paretorec.errors import ConfigError, FingerprintMismatch, Interrupted, NoAnswer
from paretorec.registry import Registry
from paretorec.tuning import arena, models, trials
from paretorec.tuning.toml import to_toml

SMALL = {
    **SHOP,
    "source": {"use": "simulated-store", "params": {"users": 200, "weeks": 20, "items": 100}},
    "encoders": [{"use": "popularity"}, {"use": "repeat"}, {"use": "item-knn"}],
    "objectives": [{"use": "relevance"}, {"use": "diversity"}],
    "tune": {
        "trials": 4,
        "folds": 2,
        "evaluations": 40,
        "stop": 0.02,
        "space": {"encoders.item-knn.params.neighbours": [1, 5, 80], "candidates.size": [12, 60]},
    },
}


def tuned(out, **changes):
    config = {**SMALL, **{key: value for key, value in changes.items() if key in SHOP or key == "ranker"}}
    config["tune"] = {**SMALL["tune"], **{key: value for key, value in changes.items() if key not in config}}
    return Engine(config).tune(out=out)


def of_search(folder):
    """The league without what the clock said, and without the folder's name."""
    document = timeless(json.loads((folder / "league.json").read_text()))
    del document["winner"]["config"], document["winner"]["command"]
    return document


def timeless(document):
    if isinstance(document, dict):
        return {key: timeless(value) for key, value in document.items() if key not in ("cpu_minutes", "seconds")}
    return [timeless(value) for value in document] if isinstance(document, list) else document


@pytest.fixture(scope="module")
def league(tmp_path_factory):
    out = tmp_path_factory.mktemp("tuned") / "shop"
    return out, Engine(SMALL).tune(out=out)


def test_the_league_has_every_trial_and_the_simple_rivals(league):
    _, found = league
    own = [row for row in found.rows if not row.rival]
    assert [row.name for row in own] == ["as configured", "trial 1", "trial 2", "trial 3", "trial 4"]
    rivals = [row.name for row in found.rows if row.rival and not row.trial]
    assert "random policies" in rivals
    assert "best single signal" in rivals
    assert all(row.cpu_seconds > 0 for row in found.rows)


def test_the_winner_has_the_most_hypervolume_of_those_that_saw_every_fold(league):
    _, found = league
    complete = {row.trial: np.mean(row.volumes) for row in found.rows if not row.rival and len(row.volumes) == 2}
    assert found.document["winner"]["trial"] == max(complete, key=complete.get)
    assert complete[found.document["winner"]["trial"]] >= complete[0]


def test_one_signal_is_no_better_than_a_front_that_holds_it(league):
    _, found = league
    written = next(row for row in found.rows if row.name == "as configured")
    signal = next(row for row in found.rows if row.name == "best single signal" and not row.trial)
    assert all(one < front for one, front in zip(signal.volumes, written.volumes, strict=True))


def test_a_trial_that_adds_nothing_stops_early(league):
    _, found = league
    stopped = [row for row in found.rows if row.note.startswith("stopped after fold 1")]
    assert stopped
    assert all(len(row.volumes) == 1 and row.gains[0] < 0 for row in stopped)


def test_the_folder_is_sealed_and_holds_no_models(league):
    out, _ = league
    manifest = unseal(out)
    assert {"winner.toml", "league.json", "archive.parquet", "run.json"} <= set(manifest["files"])
    assert not [name for name in manifest["files"] if name.endswith(".safetensors")]
    assert not out.with_name("shop.partial").exists()


def test_the_archive_has_every_policy_once_with_what_its_front_reached(league):
    out, found = league
    archive = pd.read_parquet(out / "archive.parquet")
    key = ["fold", "bundle", "candidates", "policy", "parameters"]
    assert not archive.duplicated(key).any()
    assert archive["search.relevance"].between(0, 1).all()
    frozen = archive[archive["held_out.relevance"].notna()]
    assert set(frozen["trial"]) == {row.trial for row in found.rows}
    assert len(frozen) < len(archive)


def test_a_later_run_certifies_the_winner(league, tmp_path, monkeypatch):
    out, found = league
    words = shlex.split(found.document["winner"]["command"])
    assert words == ["paretorec", "run", str(out / "winner.toml"), "--out", f"{out}-winner"]
    assert load_config(out / "winner.toml") == found.winner
    monkeypatch.chdir(tmp_path)
    assert execute([*words[1:-1], "certified", "--set", "search.evaluations=30", "--json"]) == 0
    assert json.loads((tmp_path / "certified" / "front.json").read_text())["requests"]["certify"] > 0


def test_the_page_stands_alone_and_names_everybody(league):
    out, found = league
    page = (out / "report.html").read_text()
    assert "http" not in page.replace("http://www.w3.org/2000/svg", "")
    assert all(row.name in page for row in found.rows)
    assert found.document["winner"]["command"] in page


def test_the_same_search_again_is_the_same(league, tmp_path):
    out, _ = league
    again = Engine(SMALL).tune(out=tmp_path / "shop")
    mine, first = (of_search(place) for place in (tmp_path / "shop", out))
    assert mine == first
    pd.testing.assert_frame_equal(
        pd.read_parquet(out / "archive.parquet"), pd.read_parquet(tmp_path / "shop" / "archive.parquet")
    )
    assert again.document["rows"]


class Killed(BaseException):
    """Nothing may handle it."""


@pytest.mark.parametrize("after", [1, 3, 8])
def test_killed_and_resumed_gives_the_same(league, tmp_path, monkeypatch, after):
    out, _ = league
    saved = 0
    judge = trials.FoldResult.save

    def save(self, path):
        nonlocal saved
        saved += 1
        if saved == after:
            raise Killed
        judge(self, path)

    monkeypatch.setattr(trials.FoldResult, "save", save)
    with pytest.raises(Killed):
        Engine(SMALL).tune(out=tmp_path / "shop")
    fits = counted_fits(monkeypatch)
    Engine(SMALL).tune(out=tmp_path / "shop", resume=True)
    mine, whole = (of_search(place) for place in (tmp_path / "shop", out))
    assert mine == whole
    assert len(fits) < 6  # three encoders, of which one has four configurations
    pd.testing.assert_frame_equal(
        pd.read_parquet(out / "archive.parquet"), pd.read_parquet(tmp_path / "shop" / "archive.parquet")
    )


def counted_fits(monkeypatch):
    """Names of the states that are fitted from here on."""
    fits = []
    cost_file = models.cost_file

    def noted(states, name):
        path = cost_file(states, name)
        if not path.is_file():
            fits.append(name)
        return path

    monkeypatch.setattr(models, "cost_file", noted)
    return fits


def test_what_did_not_change_is_not_fitted_again(tmp_path, monkeypatch):
    fits = counted_fits(monkeypatch)
    tuned(tmp_path / "shop", sampler="grid", trials=6, stop=0)
    names = [name.rsplit("-", 1)[0] for name in fits]
    assert sorted(names) == ["encoder-item-knn"] * 4 + ["encoder-popularity", "encoder-repeat"]


def test_folds_by_time_fit_once_each(tmp_path, monkeypatch):
    fits = counted_fits(monkeypatch)
    found = tuned(tmp_path / "shop", by="time", trials=1, space={"candidates.size": [30]})
    assert len(fits) == 6
    assert found.document["by"] == "time"
    assert len({fold["fit_rows"] for fold in found.document["folds"]}) == 2


def test_another_configuration_does_not_go_on_with_it(tmp_path, monkeypatch):
    monkeypatch.setattr(trials.FoldResult, "save", lambda self, path: (_ for _ in ()).throw(Killed))
    with pytest.raises(Killed):
        Engine(SMALL).tune(out=tmp_path / "shop")
    other = {**SMALL, "seed": 4}
    with pytest.raises(FingerprintMismatch, match="config"):
        Engine(other).tune(out=tmp_path / "shop", resume=True)


def test_stopping_ends_with_interrupted_and_can_go_on(league, tmp_path):
    import threading

    stop = threading.Event()
    stop.set()
    with pytest.raises(Interrupted, match="--resume"):
        Engine(SMALL, stop=stop).tune(out=tmp_path / "shop")
    found = Engine(SMALL).tune(out=tmp_path / "shop", resume=True)
    assert [row.volumes for row in found.rows] == [row.volumes for row in league[1].rows]


# --- the certify window is never looked at


def test_no_request_of_the_certify_window_becomes_a_tensor(tmp_path, monkeypatch):
    """Whatever is judged, learned from or looked up ends before the first certify request."""
    engine = Engine(SMALL)
    engine.run(out=tmp_path / "run")
    begins = pd.Timestamp(engine.fitted.record.data["split"]["certify"]["from"]).value // 10**6
    build, seen = arena.part_signals, []

    def watched(part, requests, prepared, *more):
        assert len(prepared.split.certify) == 0
        assert prepared.data.time.max() < begins
        assert prepared.history.times.max() < begins
        assert requests.time.max() + prepared.split.horizon <= begins
        seen.append(part)
        return build(part, requests, prepared, *more)

    monkeypatch.setattr(arena, "part_signals", watched)
    for by in ("users", "time"):
        tuned(tmp_path / by, trials=1, by=by)
    assert len(seen) >= 6  # two configurations, by users once, by time on two folds


def test_labels_of_the_certify_window_change_nothing(tmp_path):
    store = Registry(files=()).build("source", Engine(SMALL).config.source, "source").component.load()
    config = {**SMALL, "source": None, "data": store.data}
    engine = Engine(config)
    engine.run(store.interactions, store.items, store.users)
    begins = pd.Timestamp(engine.fitted.record.data["split"]["certify"]["from"]).value // 10**6
    log = store.interactions.copy()
    later = parse_times(log["time"], "auto").ms >= begins
    for event, column in store.data["events"].items():
        name = column.get("column") or event
        log.loc[later, name] = 3 * log.loc[later, name].sample(frac=1.0, random_state=0).to_numpy()
    assert not log[later].equals(store.interactions[later])
    clean = Engine(config).tune(store.interactions, store.items, store.users, out=tmp_path / "clean")
    poisoned = Engine(config).tune(log, store.items, store.users, out=tmp_path / "poisoned")
    assert [row.volumes for row in poisoned.rows] == [row.volumes for row in clean.rows]
    fields = [json.loads((tmp_path / name / "run.json").read_text()) for name in ("clean", "poisoned")]
    assert fields[0] == fields[1]


# --- what can go wrong


def test_a_combination_that_cannot_be_is_a_failed_trial(tmp_path):
    registry = Registry()
    registry.add("encoder", ComponentSpec("picky", Picky, PickyConfig, "refuses", capabilities=frozenset()))
    config = {
        **SMALL,
        "encoders": [{"use": "popularity"}, {"use": "picky"}],
        "tune": {**SMALL["tune"], "sampler": "grid", "stop": 0, "space": {"encoders.picky.params.level": [1, 2]}},
    }
    found = Engine(config, registry=registry).tune(out=tmp_path / "shop")
    failed = next(row for row in found.rows if row.trial == 2)
    assert failed.note == "failed: level 2 does not go with this data; set level = 1"
    assert not failed.volumes


@pytest.mark.parametrize("lawful", [True, False])
def test_dual_is_in_the_league_where_the_registry_has_it(tmp_path, lawful):
    registry = Registry()
    spec = ComponentSpec("dual", Corners, CornersConfig, "its first points again and again")
    registry.add("optimizer", spec, replace=True)
    tune = {**SMALL["tune"], "trials": 1, "space": {"candidates.size": [50]}}
    Corners.lawful = lawful
    found = Engine({**SMALL, "tune": tune}, registry=registry).tune(out=tmp_path / "shop")
    row = next(row for row in found.rows if row.name == "dual policies" and not row.trial)
    if lawful:
        assert len(row.volumes) == 2
        assert not row.note
    else:
        assert row.note == "failed: dual needs objectives that add up; name others"
        assert "failed: dual needs" in (tmp_path / "shop" / "report.html").read_text()


class CornersConfig(ComponentConfig):
    pass


class Corners:
    lawful = True

    def __init__(self, config):
        pass

    def setup(self, problem, seed):
        if not self.lawful:
            raise ConfigError("dual needs objectives that add up; name others")
        self.first = problem.first

    def ask(self):
        return self.first

    def tell(self, x, result):
        pass


def test_without_a_space_nothing_is_read_or_written(tmp_path):
    with pytest.raises(ConfigError, match=r"there is no space to search"):
        Engine(SHOP).tune(out=tmp_path / "shop")
    assert not list(tmp_path.iterdir())


def test_a_run_ignores_the_table(tmp_path):
    with_table, without = Engine(SMALL), Engine({key: value for key, value in SMALL.items() if key != "tune"})
    fronts = [engine.run() for engine in (with_table, without)]
    assert fronts[0].points == fronts[1].points
    assert with_table.fitted.record.run_fields == without.fitted.record.run_fields


class PickyConfig(ComponentConfig):
    level: int = 1


class Picky:
    def __init__(self, config):
        self.level = config.level

    def fit(self, data, run):
        if self.level > 1:
            raise NoAnswer(f"level {self.level} does not go with this data; set level = 1")
        self.items = len(data.items)

    def score(self, histories, items):
        return np.zeros((len(histories), self.items), np.float32)

    def state(self):
        from paretorec.contracts import State

        return State(meta={"items": self.items})

    def restore(self, state, items):
        self.items = state.meta["items"]


# --- the command line


def test_the_verb_prints_one_json_document(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("shop.toml").write_text(to_toml(SMALL))
    assert tomllib.loads(Path("shop.toml").read_text()) == SMALL
    assert execute(["tune", "shop.toml", "--set", "tune.trials=1", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["trials"] == 1
    assert document["winner"]["config"] == "runs/shop-tuning/winner.toml"
    gains = [row["gain"]["mean"] for row in document["rows"]]
    assert all(gain is None or math.isfinite(gain) for gain in gains)


def test_the_verb_says_what_is_wrong(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("shop.toml").write_text(to_toml(SMALL))
    assert execute(["tune", "shop.toml", "--set", 'tune.space={"candidates.sise"=[40]}']) == 2
    assert "unknown key 'candidates.sise'; did you mean 'size'?" in capsys.readouterr().err
    assert execute(["tune", "shop.toml", "--resume"]) == 2
    assert "nothing to resume" in capsys.readouterr().err
    assert execute(["tune", "nowhere.toml"]) == 2
