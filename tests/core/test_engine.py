"""The engine as a host application meets it: run, save, load, serve, refit, and what it refuses."""

from __future__ import annotations

import shutil
import threading

import numpy as np
import pandas as pd
import pytest
from simulated_shop import SHOP, same_result

from paretorec import Engine, Recommender
from paretorec.artifact import publish, read_json, seal
from paretorec.config import RunConfig
from paretorec.contracts import ComponentConfig, ComponentRef, ComponentSpec, State
from paretorec.errors import ArtifactError, ComponentNotFound, ConfigError, DataError, FingerprintMismatch, Interrupted
from paretorec.registry import Registry
from paretorec.tradeoff import objective_label


def shop_log(users: int = 60, rows: int = 1500) -> pd.DataFrame:
    """Purchases without anything but user, item and time."""
    rng = np.random.default_rng(2)
    user = rng.integers(users, size=rows)
    day = np.sort(rng.integers(0, 120, size=rows))
    return pd.DataFrame(
        {
            "user_id": [f"u{number}" for number in user],
            "item_id": [f"i{number}" for number in user % 4 * 10 + rng.integers(10, size=rows)],
            "time": pd.Timestamp("2024-01-01") + pd.to_timedelta(day, unit="D"),
        }
    )


@pytest.fixture
def shop(finished):
    return finished.engine.serve()


@pytest.fixture
def users(finished):
    return [str(name) for name in finished.engine.fitted.data.user_ids[:40]]


def listed(table: pd.DataFrame) -> list[tuple[str, str]]:
    return list(zip(table["user_id"], table["item_id"], strict=True))


# Saving and loading


def test_load_gives_the_front_and_the_lists_that_run_gave(finished, users):
    loaded = Engine.load(finished.folder)
    assert loaded.front.points == finished.engine.front.points
    assert loaded.front.baselines == finished.engine.front.baselines
    wish = {"maximize": "diversity", "confidence": 0.9}
    assert loaded.front.pick(**wish) == finished.engine.front.pick(**wish)
    pd.testing.assert_frame_equal(
        loaded.serve().recommend(users), finished.engine.serve().recommend(users), check_exact=True
    )


def test_save_writes_what_run_with_a_folder_writes(finished, tmp_path):
    out = finished.engine.save(tmp_path / "saved")
    for name in ("front.json", "config.json", "data.json", "policy.json"):
        assert (out / name).read_bytes() == (finished.folder / name).read_bytes()
    again = Engine.load(out).save(tmp_path / "again")
    assert (again / "front.json").read_bytes() == (out / "front.json").read_bytes()
    assert (again / "manifest.json").exists()
    assert not (tmp_path / "again.partial").exists()


def test_the_manifest_says_what_ran(finished):
    manifest = read_json(finished.folder / "manifest.json")
    ran = {(entry["kind"], entry["instance"]): entry["class"] for entry in manifest["components"]}
    assert ran["encoder", "transformer"] == "TransformerEncoder"
    assert ran["ranker", "ranker"] == "MlpRanker"
    assert ran["optimizer", "optimizer"] == "Nsga2"
    assert ran["rule", "cool-down"] == "CoolDown"
    assert {entry["distribution"] for entry in manifest["components"]} == {"paretorec"}


def reseal(folder, **changes):
    manifest = {key: value for key, value in read_json(folder / "manifest.json").items() if key != "files"}
    seal(folder, manifest | changes)


def test_another_version_of_a_plugin_is_refused(finished, tmp_path):
    folder = shutil.copytree(finished.folder, tmp_path / "copy")
    components = read_json(folder / "manifest.json")["components"]
    for entry in components:
        if entry["kind"] == "ranker":
            entry["version"] = "9.9"
    reseal(folder, components=components)
    with pytest.raises(ArtifactError, match=r"ranker 'mlp' of paretorec 9\.9, installed is .*pip install"):
        Recommender.load(folder)


def test_an_absent_distribution_is_refused(finished, tmp_path):
    folder = shutil.copytree(finished.folder, tmp_path / "copy")
    components = read_json(folder / "manifest.json")["components"]
    for entry in components:
        if entry["kind"] == "encoder" and entry["instance"] == "repeat":
            entry["distribution"] = "acme-gone"
    reseal(folder, components=components)
    with pytest.raises(ArtifactError, match=r"encoder 'repeat' of acme-gone .*pip install 'acme-gone=="):
        Engine.load(folder)


def test_a_damaged_file_is_refused(finished, tmp_path):
    folder = shutil.copytree(finished.folder, tmp_path / "copy")
    path = folder / "states" / "ranker.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    with pytest.raises(ArtifactError, match=r"ranker\.safetensors is damaged"):
        Engine.load(folder)


# Serving


def test_serving_another_policy_fits_nothing_and_changes_lists(finished, shop, users, tmp_path):
    front = finished.engine.front
    baseline = front.point(front.baseline)
    by_point = shop.recommend(users, policy=baseline)
    assert listed(by_point) != listed(shop.recommend(users))
    path = tmp_path / "policy.json"
    shop.with_policy(baseline).policy.save(path)
    for policy in (path, str(path), dict(baseline.policy), front.pick(maximize="diversity", confidence=0.6).policy):
        assert len(shop.with_policy(policy).recommend(users)) > 300
    pd.testing.assert_frame_equal(by_point, finished.engine.serve(path).recommend(users), check_exact=True)
    pd.testing.assert_frame_equal(by_point, Recommender.load(finished.folder, policy=path).recommend(users))


def test_a_policy_of_another_bundle_is_refused(finished, shop):
    policy = {**finished.engine.front.points[0].policy, "bundle": "0" * 16}
    for ask in (shop.with_policy, finished.engine.serve, lambda other: shop.recommend(["u"], policy=other)):
        with pytest.raises(ArtifactError, match="belongs to bundle 0000000000000000"):
            ask(policy)


def test_what_is_no_policy_is_refused(shop, tmp_path):
    with pytest.raises(ArtifactError, match="does not exist"):
        shop.with_policy(tmp_path / "none.json")
    with pytest.raises(ArtifactError, match="not a policy"):
        shop.with_policy({"kind": "linear"})


def test_rules_at_serving_take_the_place_of_the_runs_own(finished, shop, users):
    registry = Registry()
    usual = shop.recommend(users)
    first = usual["item_id"].iloc[0]

    blocked = shop.recommend(users, rules=[{"use": "block", "params": {"items": [first]}}])
    assert first not in set(blocked["item_id"])
    reference = ComponentRef(use="block", params={"items": [first]})
    built = registry.build("rule", reference, "rules.block").component
    for rule in (reference, built):
        assert listed(shop.recommend(users, rules=[rule])) == listed(blocked)

    categories = finished.engine.fitted.data.items.categories["category"]
    category = dict(zip(finished.engine.fitted.data.items.ids, categories.codes, strict=True))

    def most(table: pd.DataFrame) -> int:
        shown = table.assign(category=[category[item] for item in table["item_id"]])
        return int(shown.groupby(["user_id", "category"]).size().max())

    assert most(usual) > 1
    assert most(shop.recommend(users, rules=[{"use": "cap", "params": {"column": "category", "most": 1}}])) == 1


def test_the_runs_own_rules_hold_at_serving(finished, users):
    repeating = finished.engine.serve(finished.engine.front.point("encoder.repeat"))
    codes = [repeating.user_codes[name] for name in users]
    past = repeating.history.at(np.array(codes, np.int32), np.full(len(codes), repeating.end, np.int64))

    def days_since(rules) -> float:
        items, _ = repeating.rank(past, 5, rules)
        return float(past.own(items).days_since.min())

    assert days_since([]) < 10 <= days_since(None)


@pytest.mark.parametrize("rule", ["block", {"use": "blok"}, {"items": ["a"]}, object()])
def test_what_is_no_rule_is_refused_rather_than_passed_over(shop, rule):
    with pytest.raises((ConfigError, ComponentNotFound), match="rules"):
        shop.recommend(["u"], rules=[rule])


def test_an_empty_list_after_rules_gives_no_rows(shop, users):
    nothing = shop.recommend(users, rules=[{"use": "allow", "params": {"items": ["never sold"]}}])
    assert nothing.empty
    assert list(nothing.columns) == ["user_id", "item_id", "rank", "score", "basis"]


def test_k_and_ids_and_times_are_checked(shop, finished):
    items = len(finished.engine.fitted.data.items)
    for k in (0, items + 1, "3", 2.5):
        with pytest.raises(ConfigError, match="k = "):
            shop.recommend(["u"], k=k)
    with pytest.raises(ConfigError, match="give either"):
        shop.recommend()
    with pytest.raises(ConfigError, match="list of ids"):
        shop.recommend("u1")
    with pytest.raises(DataError, match="not a time"):
        shop.recommend(["u1"], at="soon")


def test_lists_may_be_shorter_than_asked_but_never_repeat(shop, users, finished):
    everything = shop.recommend(users[:3], k=len(finished.engine.fitted.data.items), rules=[])
    assert not everything.duplicated(["user_id", "item_id"]).any()
    assert everything.groupby("user_id").size().max() == finished.engine.config.candidates.size
    scores = everything.groupby("user_id")["score"]
    assert scores.apply(lambda column: column.is_monotonic_decreasing).all()


# Running


def test_a_host_brings_tables_and_needs_no_configuration():
    engine = Engine({"search": {"evaluations": 40}, "certify": {"resamples": 200}})
    front = engine.run(shop_log())
    assert [objective.name for objective in front.objectives] == ["relevance", "novelty"]
    assert len(front.points) >= 2
    assert set(engine.serve().recommend(["u1", "stranger"], k=3)["basis"]) == {"history", "no history"}


def test_too_few_certify_requests_end_uncertified():
    engine = Engine({"search": {"evaluations": 40}, "certify": {"resamples": 200}})
    front = engine.run(shop_log())
    assert not front.certified
    assert "certify requests, fewer than the 200" in front.uncertified
    pick = front.pick(maximize="novelty")
    assert not pick.certified
    assert "not certified" in pick.why.lower()


def test_two_engines_in_one_process_may_use_different_plugins(finished):
    class Config(ComponentConfig):
        pass

    class Constant:
        def __init__(self, config):
            self.config = config

        def fit(self, data, run):
            self.items = len(data.items)

        def score(self, histories, items):
            return np.tile(np.arange(self.items, dtype=np.float32), (len(histories), 1))

        def state(self):
            return State({}, {})

        def restore(self, state, items):
            self.items = len(items)

    registry = Registry()
    registry.add("encoder", ComponentSpec("constant", Constant, Config, "The same for everybody"))
    config = {"encoders": [{"use": "constant"}], "search": {"evaluations": 40}, "certify": {"resamples": 200}}
    engine = Engine(config, registry=registry)
    engine.run(shop_log())
    assert len(engine.serve().recommend(["u1"], k=5)) == 5
    with pytest.raises(ComponentNotFound, match="constant"):
        Engine(config).run(shop_log())


@pytest.mark.parametrize(
    ("name", "read"), [("", "precision (replay)"), ("long-views", "long views (replay)")], ids=["own name", "named"]
)
def test_an_objective_is_called_what_the_configuration_calls_it(name, read):
    ref = ComponentRef(use="precision", name=name)
    assert objective_label(ref.instance, Registry().build("objective", ref, "objectives")) == read


def test_nothing_to_serve_before_a_run():
    engine = Engine()
    for ask in (engine.serve, lambda: engine.front, lambda: engine.data_report, lambda: engine.save("nowhere")):
        with pytest.raises(ConfigError, match="nothing is fitted yet"):
            ask()


def test_what_is_no_data_is_refused():
    with pytest.raises(DataError, match="there is no data"):
        Engine().run()
    with pytest.raises(DataError, match="must be a pandas DataFrame, not list"):
        Engine().run([1, 2])
    with pytest.raises(DataError, match="give run"):
        Engine().run(items=shop_log())


def test_a_refused_run_leaves_nothing_and_keeps_the_run_before(finished, tmp_path):
    out = shutil.copytree(finished.folder, tmp_path / "run")
    with pytest.raises(ConfigError, match=r"certify\.baseline"):
        Engine({**SHOP, "certify": {"baseline": "encoder.nobody"}}).run(out=out)
    assert not (tmp_path / "run.partial").exists()
    assert Engine.load(out).front.points == finished.engine.front.points


def test_stopped_by_the_host_and_resumed(tmp_path):
    stop = threading.Event()
    stop.set()
    with pytest.raises(Interrupted):
        Engine(SHOP, stop=stop).run(out=tmp_path / "run")
    with pytest.raises(FingerprintMismatch, match="config"):
        Engine({**SHOP, "seed": 9}).run(out=tmp_path / "run", resume=True)
    Engine(SHOP).run(out=tmp_path / "run", resume=True)
    Engine(SHOP).run(out=tmp_path / "whole")
    same_result(tmp_path / "run", tmp_path / "whole")


def test_publishing_replaces_an_earlier_run_whole(finished, tmp_path):
    out = shutil.copytree(finished.folder, tmp_path / "run")
    shutil.copytree(finished.folder, tmp_path / "run.partial")
    (tmp_path / "run.partial" / "new").touch()
    publish(out)
    assert (out / "new").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


# Refitting


def test_refit_learns_from_everything_and_loses_the_certificate(finished, tmp_path, users):
    engine = Engine.load(finished.folder)
    before = engine.serve().recommend(users, k=5)
    old = engine.front.points[0]
    engine.refit()
    assert engine.fitted.id != finished.engine.fitted.id
    assert not engine.front.certified
    assert "refitted" in engine.front.uncertified
    assert [point.policy["parameters"] for point in engine.front.points] == [
        point.policy["parameters"] for point in finished.engine.front.points
    ]
    after = engine.serve(engine.front.points[0]).recommend(users, k=5)
    assert listed(after) != listed(before)
    with pytest.raises(ArtifactError, match="bundle"):
        engine.serve(old)
    saved = Recommender.load(engine.save(tmp_path / "refitted"), policy=engine.front.points[0])
    pd.testing.assert_frame_equal(saved.recommend(users, k=5), after, check_exact=True)


def test_a_refitted_run_serves_its_standing_wish_after_loading(finished, tmp_path, users):
    engine = Engine.load(finished.folder)
    engine.refit()
    folder = engine.save(tmp_path / "refitted")
    lists = Engine.load(folder).serve().recommend(users, k=5)
    pd.testing.assert_frame_equal(lists, engine.serve().recommend(users, k=5), check_exact=True)
    pd.testing.assert_frame_equal(lists, Recommender.load(folder).recommend(users, k=5), check_exact=True)


def test_the_configuration_may_be_a_mapping_a_model_or_a_file(tmp_path):
    path = tmp_path / "run.toml"
    path.write_text('k = 5\n[[encoders]]\nuse = "repeat"\n')
    from_file = Engine.from_config(path, ["search.evaluations=30"])
    same = Engine({"k": 5, "encoders": [{"use": "repeat"}], "search": {"evaluations": 30}})
    assert from_file.config == same.config == Engine(RunConfig.model_validate(same.config.model_dump())).config
