"""What is served is what was judged: same lists, whatever the batch, the process and the thread."""

from __future__ import annotations

import copy
import json
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
from simulated_shop import DEEP, SHOP, answer, start_python

from paretorec import Engine, Recommender, tradeoff
from paretorec.contracts import ComponentRef
from paretorec.errors import ConfigError
from paretorec.policyfile import PolicyFile
from paretorec.registry import Registry
from paretorec_plugins.simulated_store.source import MAPPING

SERVE = """
import json, sys
from paretorec import Recommender
folder, size = sys.argv[1], int(sys.argv[3])
answers = []
for asked in json.load(open(sys.argv[2])):
    shop = Recommender.load(folder, policy=asked["policy"])
    lists, scores = {}, {}
    for time, users in asked["users"].items():
        for start in range(0, len(users), size):
            part = users[start:start + size]
            rows = shop.recommend(part, k=asked["k"], at=int(time))
            assert set(rows["user_id"]) <= set(part)
            for user, listed in rows.groupby("user_id"):
                assert listed["rank"].tolist() == list(range(1, len(listed) + 1))
                lists[f"{user} {time}"] = listed["item_id"].tolist()
                scores[f"{user} {time}"] = [score.hex() for score in listed["score"].tolist()]
    answers.append([lists, scores])
print(json.dumps(answers))
"""


def certified_lists(finished, policy, last: int) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """(time -> users, ``"USER TIME"`` -> item ids) of the certify requests up to `last`, as they were judged."""
    judged, data = finished.certified, finished.engine.fitted.data
    theta = policy.theta(finished.engine.serve(policy).kind.space(policy.signals))
    places = judged.judge.lists(theta[None])[0]
    users: dict[str, list[str]] = {}
    lists = {}
    for row, (code, time) in enumerate(zip(judged.requests.user, judged.requests.time, strict=True)):
        if time <= last:
            user, listed = str(data.user_ids[code]), places[row][places[row] >= 0]
            users.setdefault(str(time), []).append(user)
            lists[f"{user} {time}"] = [str(item) for item in data.items.ids[judged.batch.items[row, listed]]]
    return users, lists


def test_a_new_process_serves_the_lists_that_were_certified(finished, tmp_path):
    best = PolicyFile.load(finished.engine.front.points[0].policy)
    mixed = best.model_copy(update={"parameters": dict.fromkeys(best.parameters, 0.5)})  # weighs every signal
    times = finished.certified.requests.time
    questions, expected = [], []
    for policy, last in ((best, times.max()), (mixed, times.min())):
        users, lists = certified_lists(finished, policy, last)
        questions.append({"policy": policy.to_json(), "users": users, "k": finished.engine.config.k})
        expected.append(lists)
    assert len(expected[0]) >= 200
    assert len({tuple(listed) for listed in expected[0].values()}) > 100
    path = tmp_path / "asked.json"
    path.write_text(json.dumps(questions))
    scores = {}
    for sizes in ((1, 512), (7,)):  # two at a time: there may be two cores only
        running = [start_python(SERVE, finished.folder, path, size, threads=1 + size % 2) for size in sizes]
        for size, process in zip(sizes, running, strict=True):
            answers = answer(process)
            assert [lists for lists, _ in answers] == expected, f"in batches of {size}"
            scores[size] = [scores for _, scores in answers]
    assert scores[1] == scores[7] == scores[512]  # to the bit


def test_the_order_of_the_users_does_not_matter(finished):
    shop = finished.engine.serve()
    users = [str(name) for name in finished.engine.fitted.data.user_ids[:50]]
    forward, backward = shop.recommend(users, k=5), shop.recommend(users[::-1], k=5)
    by = ["user_id", "rank"]
    pd.testing.assert_frame_equal(
        forward.sort_values(by, ignore_index=True), backward.sort_values(by, ignore_index=True), check_exact=True
    )


def test_eight_threads_get_what_one_gets(finished):
    shop = Recommender.load(finished.folder)
    names = [str(name) for name in finished.engine.fitted.data.user_ids] + ["never seen"]
    rng = np.random.default_rng(0)
    questions = [list(rng.choice(names, size=size, replace=False)) for size in rng.integers(1, 70, size=40)]
    alone = [shop.recommend(users, k=10) for users in questions]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda users: shop.recommend(users, k=10), questions))
    for one, other in zip(alone, together, strict=True):
        pd.testing.assert_frame_equal(one, other, check_exact=True)


def test_somebody_never_seen_gets_a_list_without_history(finished):
    shop = finished.engine.serve()
    known = str(finished.engine.fitted.data.user_ids[0])
    lists = shop.recommend(["nobody", known], k=4)
    assert lists["basis"].tolist() == ["no history"] * 4 + ["history"] * 4
    assert list(lists.columns) == ["user_id", "item_id", "rank", "score", "basis"]
    guest = shop.recommend(histories={"guest": []}, k=4)
    assert guest["item_id"].tolist() == lists["item_id"][:4].tolist()
    assert guest["basis"].tolist() == ["no history"] * 4


def test_a_guest_with_a_history_gets_a_list_that_follows_from_it(finished):
    shop = finished.engine.serve()
    ids = finished.engine.fitted.data.items.ids
    one, other = (shop.recommend(histories={"guest": list(ids[part])}, k=10) for part in (slice(0, 6), slice(60, 66)))
    assert set(one["basis"]) == set(other["basis"]) == {"history"}
    assert one["item_id"].tolist() != other["item_id"].tolist()


def test_nobody_asked_nothing_listed(finished):
    nothing = finished.engine.serve().recommend([], k=3)
    assert list(nothing.columns) == ["user_id", "item_id", "rank", "score", "basis"]
    assert nothing.empty


def test_the_moment_decides_what_the_history_is(finished):
    shop = finished.engine.serve()
    data = finished.engine.fitted.data
    user = str(data.user_ids[data.user[0]])
    before_all = shop.recommend([user], k=5, at=int(data.time[0]))
    assert set(before_all["basis"]) == {"no history"}
    assert set(shop.recommend([user], k=5)["basis"]) == {"history"}
    moment = pd.Timestamp(int(data.time[-1]) + 1, unit="ms")
    assert shop.recommend([user], k=5, at=moment)["item_id"].tolist() == shop.recommend([user], k=5)["item_id"].tolist()


@pytest.fixture(scope="module", params=["union", "logged"])
def logged(request):
    """(engine, judged certify requests) of a run on the log's own requests, which say the device and what was shown."""
    source = ComponentRef(**SHOP["source"])
    tables = Registry().build("source", source, "source").component.load()
    log = tables.interactions
    log = log.assign(device=np.where(log["request"] % 3 == 0, "phone", "web"), hour=log["time"].dt.hour)
    config = {key: value for key, value in DEEP.items() if key not in ("source", "split", "encoders", "rules")}
    config |= {"data": {**MAPPING, "context": ("device", "hour")}, "candidates": {"mode": request.param, "size": 60}}
    engine = Engine(config)
    judged = {}
    build = tradeoff.judge_part
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tradeoff, "judge_part", lambda part, *rest: judged.setdefault(part, build(part, *rest)))
        engine.run(log, tables.items, tables.users)
    return engine, judged["certify"]


def test_logged_requests_are_served_as_they_were_judged(logged):
    engine, judged = logged
    point, requests, ids = engine.front.points[0], judged.requests, engine.fitted.data.items.ids
    shop = engine.serve(point)
    theta = shop.policy.theta(shop.kind.space(shop.policy.signals))
    places = judged.judge.lists(theta[None])[0]
    reranking = engine.config.candidates.mode == "logged"
    for row in range(0, len(requests), max(len(requests) // 40, 1)):
        user = str(engine.fitted.data.user_ids[requests.user[row]])
        shown = requests.logged[row]
        served = shop.recommend(
            ["somebody else", user],
            at=int(requests.time[row]),
            context={name: [None, values[row]] for name, values in requests.context.items()},
            candidates=[[], ids[shown[shown >= 0]]] if reranking else None,
        )
        judged_list = judged.batch.items[row, places[row][places[row] >= 0]]
        assert served[served["user_id"] == user]["item_id"].tolist() == ids[judged_list].tolist()


def test_context_and_candidates_are_checked(logged, finished):
    engine, _ = logged
    shop = engine.serve()
    assert not shop.recommend(["u1"], context={"device": "phone", "hour": 3}).empty
    with pytest.raises(ConfigError, match=r"no column 'devise'; did you mean 'device'\?"):
        shop.recommend(["u1"], context={"devise": "phone"})
    with pytest.raises(ConfigError, match="has 2 values for 1 requests"):
        shop.recommend(["u1"], context={"hour": [3, 4]})
    with pytest.raises(ConfigError, match="must be numbers"):
        shop.recommend(["u1"], context={"hour": "noon"})
    with pytest.raises(ConfigError, match="are for runs with"):
        finished.engine.serve().recommend(["u1"], candidates=[["i0001"]])
    refitted = copy.copy(engine)
    refitted.refit()
    assert not refitted.serve().recommend(["u1"]).empty
