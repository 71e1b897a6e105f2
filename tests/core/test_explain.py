"""What a pick changes for people, against the same counted list by list in plain Python."""

import json
from collections import Counter
from dataclasses import replace
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paretorec import Engine
from paretorec.cli import execute
from paretorec.contracts.items import ItemTable
from paretorec.errors import ArtifactError, ConfigError
from paretorec.explain import HISTORY, SMALLEST_GROUP, differences, most_moved
from paretorec.policyfile import PolicyFile
from paretorec.refit import carried_over


def lists_of(finished, point):
    """External ids of one policy's list for every certify request."""
    judged, engine = finished.certified, finished.engine
    policy = PolicyFile.load(engine.front.point(point).policy)
    kind = engine.serve(policy).kind
    places = judged.judge.lists(policy.theta(kind.space(policy.signals))[None])[0]
    ids = engine.fitted.data.items.ids
    return [
        [str(ids[items[place]]) for place in row if place >= 0]
        for items, row in zip(judged.batch.items, places, strict=True)
    ]


@pytest.fixture(scope="module")
def before(finished):
    return lists_of(finished, finished.engine.front.baseline)


@pytest.mark.parametrize("point", ["p01", "p04"])
def test_an_explanation_is_what_counting_lists_says(finished, before, point):
    after, found = lists_of(finished, point), finished.engine.front.explain(point)
    new = [len(set(theirs) - set(mine)) for mine, theirs in zip(before, after, strict=True)]
    changed = [set(theirs) != set(mine) for mine, theirs in zip(before, after, strict=True)]
    assert (found.point, found.against, found.part) == (point, finished.engine.front.baseline, "certify")
    assert (found.lists, found.length) == (len(before), 10)
    assert found.changed == pytest.approx(np.mean(changed), abs=1e-6)
    assert found.entered == pytest.approx(np.mean(new), abs=1e-6)
    reordered = [mine != theirs and not other for mine, theirs, other in zip(before, after, changed, strict=True)]
    assert found.reordered == pytest.approx(np.mean(reordered), abs=1e-6)
    counts = [Counter(item for items in lists for item in items) for lists in (before, after)]
    for item in (*found.gain, *found.lose):
        assert (item.before, item.after) == (counts[0][item.item], counts[1][item.item])
    gains = [counts[1][item] - counts[0][item] for item in {*counts[0], *counts[1]}]
    assert [x.after - x.before for x in found.gain] == [gain for gain in sorted(gains, reverse=True)[:8] if gain > 0]
    assert [x.after - x.before for x in found.lose] == [gain for gain in sorted(gains)[:8] if gain < 0]


def test_groups_tell_users_apart_by_history_and_category(finished, before):
    engine, found = finished.engine, finished.engine.front.explain("p01")
    requests, data = finished.certified.requests, finished.engine.fitted.data
    assert list(found.groups) == [HISTORY, *data.user_categories]
    by_history = found.groups[HISTORY]
    length = engine.serve().history.at(requests.user, requests.time).length
    ends = [group.value.replace(",", "").split(" to ") for group in by_history]
    assert [int(ends[0][0]), int(ends[-1][-1])] == [length.min(), length.max()]
    for (*_, low), (high, *_) in pairwise(ends):
        assert int(low) < int(high)
    assert sum(group.lists for group in by_history) == found.lists
    assert sum(group.lists * group.changed for group in by_history) == pytest.approx(found.lists * found.changed, abs=1)
    assert all(group.lists >= SMALLEST_GROUP for groups in found.groups.values() for group in groups)
    name, category = next(iter(data.user_categories.items()))
    after = lists_of(finished, "p01")
    for group in found.groups[name]:
        rows = np.flatnonzero(category.codes[requests.user] == category.names.index(group.value))
        assert group.lists == len(rows)
        assert group.entered == pytest.approx(np.mean([len(set(after[r]) - set(before[r])) for r in rows]), abs=1e-6)
    assert engine.front.explain(engine.front.points[0]) == found


def test_examples_are_of_different_people_who_stay_anonymous(finished, before):
    found = finished.engine.front.explain("p04")
    assert [example.user for example in found.examples] == [f"Example user {n}" for n in range(1, 6)]
    after = lists_of(finished, "p04")
    pairs = list(zip(before, after, strict=True))
    for example in found.examples:
        assert ([item.item for item in example.before], [item.item for item in example.after]) in pairs
        assert len(example.history) <= 8
    people = {str(name) for name in finished.engine.fitted.data.user_ids}
    text = (finished.folder / "explain.json").read_text()
    assert not any(f'"{name}"' in text for name in people)


def test_the_same_after_saving_and_loading_and_after_a_refit(finished):
    front = finished.engine.front
    loaded = Engine.load(finished.folder).front
    assert [loaded.explain(point.id) for point in front.points] == [front.explain(point) for point in front.points]
    assert carried_over(front, "other").explain("p01") == front.explain("p01")
    assert front.explain(front.pick(maximize="diversity", confidence=0.6)).point in {p.id for p in front.points}


def test_the_document_is_small(finished):
    assert (finished.folder / "explain.json").stat().st_size < 100_000


def test_what_cannot_be_explained(finished):
    front = finished.engine.front
    with pytest.raises(ConfigError, match="'p99' is no policy of the front; there are p01, "):
        front.explain("p99")
    with pytest.raises(ConfigError, match=r"'encoder\.popularity' is no policy of the front"):
        front.explain("encoder.popularity")
    with pytest.raises(ArtifactError, match="saved without explanations; run it again"):
        replace(front, explanations={}).explain("p01")
    with pytest.raises(ConfigError, match="holds no policy to explain"):
        replace(front, explanations={**front.explanations, "points": {}}).explain("p01")


def test_the_verb_tells_it_in_words_and_as_json(finished, capsys):
    assert execute(["explain", str(finished.folder), "--point", "p04", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    found = finished.engine.front.explain("p04")
    assert document == json.loads(json.dumps(found.to_json()))
    assert execute(["explain", str(finished.folder), "--point", "p04"]) == 0
    told = capsys.readouterr().out
    assert found.why in told.replace("\n", " ")
    assert all(item.title in told for item in (*found.gain, *found.lose))
    assert all(example.user in told for example in found.examples)
    assert execute(["explain", str(finished.folder), "--point", "p4"]) == 2
    assert "'p4' is no policy of the front" in capsys.readouterr().err


codes = st.lists(st.permutations(range(6)).map(lambda order: order[:4]), min_size=1, max_size=6)


@given(codes, codes)
def test_differences_of_lists(before, after):
    count = min(len(before), len(after))
    pairs = list(zip(before[:count], after[:count], strict=True))
    entered, changed, reordered = differences(np.array(before[:count]), np.array(after[:count]))
    assert entered.tolist() == [len(set(b) - set(a)) for a, b in pairs]
    assert changed.tolist() == [set(a) != set(b) for a, b in pairs]
    assert reordered.tolist() == [set(a) == set(b) and a != b for a, b in pairs]


def test_a_list_that_only_loses_items_has_changed():
    entered, changed, reordered = differences(np.array([[1, 2, 3]]), np.array([[1, 2, -1]]))
    assert (entered.tolist(), changed.tolist(), reordered.tolist()) == ([0], [True], [False])


def test_equal_gains_go_by_id_whatever_the_coding():
    ids = np.array(["c", "a", "d", "b"], object)
    table = ItemTable(ids=ids, first_seen=np.zeros(4, np.int64))
    gain, lose = most_moved(np.array([2, 2, -1, 2]), table)
    assert [ids[i] for i in gain] == ["a", "b", "c"]
    assert [ids[i] for i in lose] == ["d"]


def test_the_sentence_claims_no_more_than_there_is(finished):
    found = finished.engine.front.explain("p01")
    still = replace(found, changed=0.0, reordered=0.0, entered=0.0, gain=(), lose=())
    assert (
        still.why
        == f"policy p01 changes 0 % of {found.lists:,} lists: on average 0.0 of 10 items are new against "
        + (finished.engine.front.baseline)
    )
    assert "less than 1 %" in replace(found, changed=0.001).why
    assert "more than 99 %" in replace(found, changed=0.999).why
    assert SimpleNamespace(**found.to_json()).why == found.why
