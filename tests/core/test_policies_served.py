"""Every kind of policy through a whole run: what is served is what was certified; exploring says how likely it was."""

from __future__ import annotations

import copy
import json

import numpy as np
import pandas as pd
import pytest
from simulated_shop import SHOP

from paretorec import Engine, Recommender, tradeoff
from paretorec.cli import execute
from paretorec.errors import ArtifactError, ConfigError
from paretorec.policyfile import PolicyFile

KINDS = {
    "linear": {},
    "product": {},
    "segmented": {"column": "user.segment"},
    "contextual": {"features": ["history.length"]},
    "mmr": {},
}
RULES = [{"use": "cap", "params": {"column": "category", "most": 3}}]


@pytest.fixture(scope="module", params=KINDS)
def run(request, tmp_path_factory):
    """(engine, folder, judged certify requests) of a run with the kind."""
    folder = tmp_path_factory.mktemp(request.param) / "run"
    judged = {}
    build = tradeoff.judge_part
    policy = {"use": request.param, "params": KINDS[request.param], "explore": {"temperature": 0.1}}
    engine = Engine({**SHOP, "policy": policy, "rules": RULES, "search": {"evaluations": 60, "points": 5}})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tradeoff, "judge_part", lambda part, *rest: judged.setdefault(part, build(part, *rest)))
        engine.run(out=folder)
    return engine, folder, judged["certify"]


@pytest.fixture(scope="module")
def mixed(run):
    """A policy in the middle of the kind's box."""
    engine, _, _ = run
    policy = PolicyFile.load(engine.front.points[0].policy)
    box = engine.serve(policy).kind.space(policy.signals)
    theta = engine.serve(policy).kind.sample(box, 4, seed=5)[3]
    return policy.model_copy(update={"parameters": dict(zip(box.names, map(float, theta), strict=True))})


def served(shop, names, times, size, **more):
    """Rows in batches of `size`, in the order of the requests."""
    parts = []
    for time in np.unique(times):
        users = [name for name, when in zip(names, times, strict=True) if when == time]
        asked = [users[start : start + size] for start in range(0, len(users), size)]
        parts += [shop.recommend(some, k=10, at=int(time), **more).assign(at=time) for some in asked]
    return pd.concat(parts, ignore_index=True)


@pytest.mark.parametrize("size", [1, 7, 512])
def test_what_is_served_is_what_was_certified(run, mixed, size):
    engine, folder, judged = run
    shop = Recommender.load(folder, policy=mixed.model_copy(update={"explore": None}))
    places = judged.judge.lists(mixed.theta(shop.kind.space(mixed.signals))[None])[0]
    data, requests = engine.fitted.data, judged.requests
    rows = slice(0, 60 if size == 1 else len(requests))
    rows = served(shop, data.user_ids[requests.user[rows]], requests.time[rows], size)
    lists = {key: listed["item_id"].tolist() for key, listed in rows.groupby(["user_id", "at"])}
    assert len(lists) >= 60
    for row, (user, time) in enumerate(zip(data.user_ids[requests.user], requests.time, strict=True)):
        if (user, time) in lists:
            listed = places[row][places[row] >= 0]
            assert lists[user, time] == data.items.ids[judged.batch.items[row, listed]].tolist()
    assert "propensity" not in rows


def test_scores_fall_along_a_list(run, mixed):
    engine, _, _ = run
    users = engine.fitted.data.user_ids[:50]
    rows = engine.serve(mixed.model_copy(update={"explore": None})).recommend(users)
    if engine.config.policy.use == "mmr":  # which only ranks
        assert (rows["score"] == 1 / rows["rank"]).all()
    assert rows.groupby("user_id")["score"].apply(lambda score: score.is_monotonic_decreasing).all()


def test_an_exploring_policy_says_how_likely_every_item_was(run, mixed):
    engine, _, judged = run
    shop = engine.serve(mixed)
    names, times = engine.fitted.data.user_ids[judged.requests.user[:50]], judged.requests.time[:50]
    whole = served(shop, names, times, 512)
    assert list(whole.columns) == ["user_id", "item_id", "rank", "score", "basis", "propensity", "at"]
    assert whole["propensity"].between(0, 1, inclusive="right").all()
    assert whole["propensity"].nunique() > 100
    for size in (1, 7):
        pd.testing.assert_frame_equal(served(shop, names, times, size), whole, check_exact=True)
    other = served(shop, names, times, 512, seed=1)
    assert (other["item_id"] != whole["item_id"]).mean() > 0.2
    category = engine.fitted.data.items.categories["category"].codes
    codes = {name: category[code] for code, name in enumerate(engine.fitted.data.items.ids)}
    listed = whole.assign(category=whole["item_id"].map(codes)).groupby(["user_id", "at"])
    assert (listed["item_id"].nunique() == listed.size()).all()
    assert listed["category"].agg(lambda shown: shown.value_counts().max()).max() == 3  # the cap holds


def test_exploration_is_the_configurations_in_every_policy_and_the_hosts_to_change(run, tmp_path):
    engine, _, _ = run
    front = engine.front
    assert {json.dumps(point.policy["explore"]) for point in (*front.points, *front.baselines)} == {
        '{"temperature": 0.1, "epsilon": null}'
    }
    policy = PolicyFile.load(front.points[0].policy)
    greedy = policy.model_copy(update={"explore": None})
    greedy.save(tmp_path / "greedy.json")
    users = engine.fitted.data.user_ids[:30]
    shop = engine.serve(tmp_path / "greedy.json")
    often = {**greedy.to_json(), "explore": {"epsilon": 1e-12}}
    rows = shop.recommend(users, policy=often)
    assert rows["propensity"].to_numpy() == pytest.approx(1)
    assert rows["item_id"].tolist() == shop.recommend(users)["item_id"].tolist()


def test_search_and_certificates_are_of_the_policy_without_exploration(run):
    engine, _, judged = run
    point = engine.front.points[0]
    theta = PolicyFile.load(point.policy).theta(engine.serve(point).kind.space(point.policy["signals"]))
    values, _ = judged.judge.evaluate(theta[None])
    names = list(judged.judge.metrics)
    for name, change in point.certify.items():
        assert values[0, names.index(name)] == pytest.approx(change.value)


def test_a_policy_file_of_another_kind_is_served_by_its_own(run, mixed):
    engine, _, _ = run
    linear = PolicyFile.load(
        {
            **mixed.to_json(),
            "kind": "paretorec/linear",
            "config": {},
            "parameters": dict.fromkeys(mixed.signals, 1.0),
            "explore": None,
        }
    )
    users = engine.fitted.data.user_ids[:20]
    shop = engine.serve(mixed)
    assert shop.recommend(users, policy=linear).equals(engine.serve(linear).recommend(users))
    with pytest.raises(ArtifactError, match=r"belongs to bundle 12ab, this recommender has [0-9a-f]+"):
        shop.recommend(users, policy=linear.model_copy(update={"bundle": "12ab"}))


def test_the_command_line_tells_propensities(run, mixed, tmp_path, capsys):
    _, folder, _ = run
    mixed.save(tmp_path / "policy.json")
    command = ["recommend", str(folder), "--users", "u00001", "-k", "4", "--policy", str(tmp_path / "policy.json")]
    assert execute([*command, "--seed", "3", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    shop = Recommender.load(folder, policy=mixed)
    expected = shop.recommend(["u00001"], k=4, seed=3)
    assert [row["item_id"] for row in rows] == expected["item_id"].tolist()
    assert [row["propensity"] for row in rows] == expected["propensity"].tolist()
    assert execute(command) == 0
    shown = capsys.readouterr()
    assert f"{shop.recommend(['u00001'], k=4)['propensity'][0]:.4f}" in shown.out
    assert "lists vary at random" in shown.err


def test_a_refitted_bundle_is_served_by_the_same_policy(run):
    engine, _, _ = run
    again = copy.copy(engine)
    again.refit()
    before, after = engine.front.points[0].policy, again.front.points[0].policy
    assert {**after, "bundle": ""} == {**before, "bundle": ""}
    assert len(again.serve(again.front.points[0]).recommend(["u00001", "never seen"], k=5)) == 10
    with pytest.raises(ArtifactError, match="belongs to bundle"):
        again.serve(before)


@pytest.mark.parametrize("seed", [-1, 0.5, "x"])
def test_a_seed_is_a_whole_number(run, mixed, seed):
    with pytest.raises(ConfigError, match=r"seed = .*; give a whole number from 0 on"):
        run[0].serve(mixed).recommend(["u"], seed=seed)
