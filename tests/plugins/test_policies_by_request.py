"""Policies whose weights depend on the request, and the one that looks at the list so far: laws and oracles."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from policy_worlds import make, settled, world

from paretorec.contracts import MISSING, ItemTable
from paretorec.errors import ConfigError
from paretorec.judge import ranked

KINDS = {
    "segmented": {"column": "context.device", "least": 1},
    "contextual": {"features": ("history.length", "context.depth")},
    "mmr": {"pool": 12},
}
seeds = st.integers(0, 2**32)


def kind_of(name, batch):
    return settled(name, batch, **KINDS[name])


def as_linear(name, kind, weights):
    """Parameters of the policies of `kind` that are the linear ones of weights [P, K]."""
    if name == "segmented":
        return np.tile(weights, len(kind.config.values))
    if name == "contextual":
        return np.hstack([weights, np.zeros((len(weights), weights.shape[1] * len(kind.config.features)))])
    return np.column_stack([weights, np.zeros(len(weights))])


@pytest.mark.parametrize("name", KINDS)
@settings(max_examples=25, deadline=None)
@given(seeds, st.integers(1, 30), st.integers(1, 9))
def test_every_kind_holds_the_linear_policies(name, seed, depth, signals):
    rng = np.random.default_rng(seed)
    batch = world(rng, signals=signals)
    kind = kind_of(name, batch)
    weights = rng.dirichlet(np.full(signals, 0.5), 4)
    expected = make("linear").rank(batch, weights, depth)
    assert np.array_equal(kind.rank(batch, as_linear(name, kind, weights), depth), expected)


@pytest.mark.parametrize("name", KINDS)
def test_the_corners_are_the_signals_alone(name):
    batch = world(np.random.default_rng(1))
    kind = kind_of(name, batch)
    box = kind.space(batch.names)
    assert len(box.corners) == len(batch.names)
    assert np.array_equal(box.corners, as_linear(name, kind, np.eye(3)))
    assert ((box.corners >= box.lower) & (box.corners <= box.upper)).all()
    assert len(set(box.names)) == len(box.names) == len(box.lower) == len(box.upper)
    assert np.array_equal(kind.rank(batch, box.corners, 9), make("linear").rank(batch, np.eye(3), 9))


@pytest.mark.parametrize(("name", "dims"), [("segmented", 4 * 3), ("contextual", 3 * (1 + 2)), ("mmr", 3 + 1)])
def test_first_points_fill_the_box_and_come_again_with_the_seed(name, dims):
    batch = world(np.random.default_rng(2), requests=500)
    kind = kind_of(name, batch)
    box = kind.space(batch.names)
    draws = kind.sample(box, 200, seed=3)
    assert draws.shape == (200, dims)
    assert ((draws >= box.lower) & (draws <= box.upper)).all()
    assert np.array_equal(draws, kind.sample(box, 200, seed=3))
    assert not np.array_equal(draws, kind.sample(box, 200, seed=4))
    assert draws[:, :3].sum(axis=1) == pytest.approx(1)
    assert (np.ptp(draws, axis=0) > 0.8 * (box.upper - box.lower)).all()


@pytest.mark.parametrize("name", KINDS)
@settings(max_examples=20, deadline=None)
@given(seeds)
def test_a_list_depends_on_no_other_request(name, seed):
    rng = np.random.default_rng(seed)
    batch = world(rng)
    kind = kind_of(name, batch)
    theta = kind.sample(kind.space(batch.names), 6, seed=1)
    lists = kind.rank(batch, theta, 7)
    mixed = rng.permutation(len(batch))
    assert np.array_equal(kind.rank(batch.take(mixed), theta, 7), lists[:, mixed])
    for row in (0, 17, len(batch) - 1):
        assert np.array_equal(kind.rank(batch.take(slice(row, row + 1)), theta, 7)[:, 0], lists[:, row])


@pytest.mark.parametrize("name", KINDS)
@settings(max_examples=20, deadline=None)
@given(seeds, st.integers(1, 40))
def test_lists_hold_allowed_candidates_once_and_end_when_there_are_no_more(name, seed, depth):
    batch = world(np.random.default_rng(seed))
    kind = kind_of(name, batch)
    theta = kind.sample(kind.space(batch.names), 4, seed=1)
    lists = kind.rank(batch, theta, depth)
    assert lists.shape == (4, len(batch), depth)
    assert np.array_equal(
        lists, kind.rank(batch, theta, 50)[..., :depth]
    )  # a shorter list is the longer one's beginning
    real = lists >= 0
    assert np.array_equal(real.sum(axis=2), np.broadcast_to(np.minimum(batch.mask.sum(axis=1), depth), real.shape[:2]))
    assert (np.diff(real.astype(int), axis=2) <= 0).all()
    for places in lists.reshape(-1, depth):
        assert len(set(places[places >= 0])) == (places >= 0).sum()
    assert batch.mask[np.arange(len(batch))[:, None], np.maximum(lists, 0)][real].all()


@pytest.mark.parametrize("name", KINDS)
def test_a_kinds_own_rank_is_what_is_served(name):
    batch = world(np.random.default_rng(3))
    kind = kind_of(name, batch)
    theta = kind.sample(kind.space(batch.names), 5, seed=1)
    assert np.array_equal(kind.rank(batch, theta, 7), ranked(batch, kind, theta, 7))


@pytest.mark.parametrize("name", KINDS)
def test_what_the_data_decided_is_in_the_configuration(name):
    batch = world(np.random.default_rng(4))
    config = kind_of(name, batch).config
    again = make(name, **json.loads(json.dumps(config.model_dump(mode="json"))))
    assert again.config == config
    assert again.settle(batch.histories, batch.table) == config


@pytest.mark.parametrize("name", KINDS)
def test_a_kind_that_the_data_has_not_completed_says_so(name):
    batch = world(np.random.default_rng(5))
    kind = make(name, **KINDS[name])
    with pytest.raises(ConfigError, match="settle the policy"):
        kind.rank(batch, np.ones((1, len(kind.space(batch.names).names))), 3)


# --- segmented ---------------------------------------------------------------------------------------------------


def test_each_segment_has_weights_of_its_own():
    batch = world(np.random.default_rng(6), requests=200)
    kind = settled("segmented", batch, column="context.device", values=("web", "phone"))
    assert kind.space(batch.names).names[:4] == (
        "encoder.s0@web",
        "encoder.s1@web",
        "encoder.s2@web",
        "encoder.s0@phone",
    )
    theta = np.array([[1, 0, 0, 0, 0.5, 0.5]])
    lists = kind.rank(batch, theta, 6)[0]
    device = batch.histories.column("context.device")
    for segment, weights in (("web", [1, 0, 0]), ("phone", [0, 0.5, 0.5])):
        own = device == segment
        assert np.array_equal(lists[own], make("linear").rank(batch.take(own), np.array([weights]), 6)[0])
    web, phone = (device == "web").sum(), (device == "phone").sum()
    share = web / (web + phone)
    mean = np.array([[share, 0.5 * (1 - share), 0.5 * (1 - share)]])
    rare = ~np.isin(device, ["web", "phone"])
    assert rare.sum() > 20
    assert np.array_equal(lists[rare], make("linear").rank(batch.take(rare), mean, 6)[0])


def test_segments_are_the_frequent_values():
    batch = world(np.random.default_rng(7), requests=1000)
    device = batch.histories.column("context.device")
    count = {value: int((device == value).sum()) for value in ("web", "phone", "tablet", MISSING)}
    config = settled("segmented", batch, column="context.device", least=100).config
    assert config.values == ("web", "phone", "tablet")
    assert config.shares == pytest.approx(
        [count[value] / sum(map(count.get, config.values)) for value in config.values]
    )
    assert settled("segmented", batch, column="context.device", most=1).config.values == ("web",)
    assert MISSING in settled("segmented", batch, column="context.device", least=1).config.values


def test_numbers_are_cut_evenly_or_at_the_edges_given():
    batch = world(np.random.default_rng(8), requests=900)
    length = batch.histories.column("history.length")
    even = settled("segmented", batch).config
    low, high = even.edges
    assert even.values == (f"<{low:g}", f"{low:g}..{high:g}", f">={high:g}")
    assert even.shares == pytest.approx([1 / 3] * 3, abs=0.03)
    assert even.shares[0] == (length < low).mean()
    given_edges = settled("segmented", batch, edges=(5, 20.5)).config
    assert given_edges.values == ("<5", "5..20.5", ">=20.5")
    assert given_edges.shares == pytest.approx(
        [(length < 5).mean(), ((length >= 5) & (length < 20.5)).mean(), (length >= 20.5).mean()]
    )
    assert settled("segmented", batch.take(slice(0, 140))).config.values[1].startswith(">=")  # 70 requests each
    assert settled("segmented", batch.take(slice(0, 60))).config.values == ("any",)
    with_unknown = settled("segmented", batch, column="context.depth", bins=2).config
    assert with_unknown.values[-1] == MISSING


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"column": "context.device", "least": 10_000}, "no value of 'context.device' has 10000 select requests"),
        (
            {"column": "context.device", "values": ("web", "fax")},
            "no select request has context.device = 'fax'; there are",
        ),
        ({"column": "context.device", "edges": (1,)}, "is text, which is not cut"),
        ({"column": "context.devise"}, "no column 'context.devise'; there are context.device"),
        ({"edges": (5, 5)}, "edges must rise"),
        ({"edges": (5, 20), "least": 10_000}, "no value of 'history.length' has 10000 select requests"),
        ({"values": ("web", "web")}, "values must differ"),
    ],
)
def test_segments_that_cannot_be_are_refused(params, message):
    with pytest.raises(ConfigError, match=message):
        settled("segmented", world(np.random.default_rng(9)), **params)


# --- contextual --------------------------------------------------------------------------------------------------


def test_weights_are_log_linear_in_the_standardised_features():
    batch = world(np.random.default_rng(10), requests=80)
    kind = kind_of("contextual", batch)
    theta = kind.sample(kind.space(batch.names), 6, seed=2)
    weights, group = kind.group_weights(theta, batch.histories)
    assert group.tolist() == list(range(80))
    for row in range(80):
        z = []
        for name in kind.config.features:
            column = batch.histories.column(name)
            known = column[~np.isnan(column)]
            value = (column[row] - known.mean()) / known.std()
            z.append(0.0 if np.isnan(value) else min(max(value, -3), 3))
        for policy, values in enumerate(theta):
            slopes = values[3:].reshape(2, 3)
            raw = values[:3] * np.exp(np.array(z) @ slopes)
            assert weights[row, policy] == pytest.approx(raw / raw.sum(), rel=1e-5)


@given(st.floats(0.1, 5), st.floats(-1e12, 1e12), st.lists(st.floats(0, 1), min_size=3, max_size=3))
def test_no_request_has_weights_beyond_the_bound(bound, depth, base):
    batch = world(np.random.default_rng(11), requests=20)
    kind = settled("contextual", batch, features=("context.depth",), bound=bound)
    batch.histories.context["depth"][:] = depth
    slopes = [bound, -bound, 0]
    weights = kind.group_weights(np.array([[*base, *slopes]]), batch.histories)[0][:, 0]
    assert np.isfinite(weights).all()
    assert weights.sum(axis=1) == pytest.approx(1, abs=1e-6)
    assert ((weights > 0) <= (np.array(base) > 0)).all() or not any(base)
    if min(base) > 1e-3:
        odds = np.log(weights[:, 0].astype(float) / weights[:, 1] / (base[0] / base[1]))
        assert (np.abs(odds) <= 2 * 3 * bound + 1e-3).all()


@pytest.mark.parametrize(
    ("features", "message"),
    [
        (("context.device",), "'context.device' is text; segmented takes such a column"),
        (("history.size",), "no column 'history.size'"),
    ],
)
def test_features_that_cannot_be_are_refused(features, message):
    with pytest.raises(ConfigError, match=message):
        settled("contextual", world(np.random.default_rng(12)), features=features)


def test_a_feature_that_never_changes_is_refused():
    batch = world(np.random.default_rng(13))
    batch.histories.context["depth"][:] = 2
    with pytest.raises(ConfigError, match=r"'context.depth' is the same for all select requests; leave it out"):
        settled("contextual", batch, features=("context.depth",))


# --- mmr ---------------------------------------------------------------------------------------------------------


def plain_mmr(batch, row, weights, strength, depth, pool):
    """Carbonell & Goldstein's loop, item by item."""
    score = np.zeros(batch.values.shape[1], np.float32)
    for place, weight in enumerate(np.asarray(weights, np.float32)):
        score += weight * batch.values[row, :, place]
    best = sorted(np.flatnonzero(batch.mask[row]).tolist(), key=lambda c: (-score[c], c))
    codes = np.stack([c.codes for c in batch.table.categories.values()])[:, batch.items[row]]
    near, listed = best[:pool], []
    while near and len(listed) < depth:
        similar = {c: max(((codes[:, c] == codes[:, other]).sum() for other in listed), default=0) for c in near}
        worth = {c: (1 - strength) * float(score[c]) - strength / len(codes) * similar[c] for c in near}
        chosen = max(near, key=lambda c: worth[c])
        near.remove(chosen)
        listed.append(chosen)
    return (listed + best[pool:])[:depth]


@settings(max_examples=25, deadline=None)
@given(seeds, st.floats(0, 1), st.integers(1, 30), st.integers(2, 30))
def test_mmr_is_the_greedy_list(seed, strength, depth, pool):
    rng = np.random.default_rng(seed)
    batch = world(rng, requests=8)
    kind = settled("mmr", batch, pool=pool)
    weights = rng.dirichlet(np.ones(3))
    lists = kind.rank(batch, np.array([[*weights, strength]]), depth)[0]
    for row, places in enumerate(lists):
        expected = plain_mmr(batch, row, weights / weights.sum(), strength, depth, pool)
        assert places[places >= 0].tolist() == expected


def test_more_strength_gives_lists_whose_items_are_less_alike():
    batch = world(np.random.default_rng(14), requests=200)
    kind = settled("mmr", batch)
    theta = np.array([[0.4, 0.3, 0.3, strength] for strength in (0, 0.3, 0.9)])
    codes = np.stack([c.codes for c in batch.table.categories.values()])
    alike = []
    for lists in kind.rank(batch, theta, 5):
        full = (lists >= 0).all(axis=1)
        listed = codes[:, batch.items[np.flatnonzero(full)[:, None], lists[full]]]
        alike.append((listed[..., :, None] == listed[..., None, :]).mean())
    assert alike[0] > alike[1] > alike[2]


def test_items_are_compared_by_the_columns_named():
    batch = world(np.random.default_rng(15))
    assert settled("mmr", batch).config.columns == ("brand", "colour")
    assert settled("mmr", batch, most_values=3).config.columns == ("colour",)
    assert settled("mmr", batch, columns=("brand",)).config.columns == ("brand",)
    with pytest.raises(ConfigError, match="'size' is no categorical item column; there are brand, colour"):
        settled("mmr", batch, columns=("size",))
    bare = ItemTable(batch.table.ids, batch.table.first_seen)
    with pytest.raises(ConfigError, match=r"none has at most 1000 values; name some .* \(there are none\)"):
        make("mmr").settle(batch.histories, bare)
