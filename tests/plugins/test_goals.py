"""Every built-in objective: what judges it, which events it needs, and that its signal pushes what it is judged by."""

import itertools

import numpy as np
import pytest

from paretorec.contracts import CandidateView, Category, ComponentRef, Histories, ItemTable, Requests, Timeline, Truth
from paretorec.errors import ConfigError
from paretorec.evaluation import score_lists
from paretorec.registry import Registry

REGISTRY = Registry()
NAMES = [entry.name for entry in REGISTRY.available() if entry.kind == "objective" and entry.builtin]
OF_LISTS = {"diversity", "novelty"}
NOW = 1_000


def make(name, **params):
    return REGISTRY.build("objective", ComponentRef(use=name, params=params)).component


def evaluator(objective):
    return REGISTRY.build("evaluator", objective.evaluator, "objective.evaluator").component


def make_view(items, scores=None, mask=None, past=(), table=None, count=40, **columns):
    """B requests at NOW of users whose histories hold the items of `past`."""
    items = np.asarray(items, np.int32)
    rows = len(items)
    past = np.array(past, np.int32)
    table = table or ItemTable(np.arange(count).astype(str).astype(object), np.zeros(count, np.int64), **columns)
    return CandidateView(
        histories=Histories(
            items=past,
            times=np.arange(len(past)),
            labels={},
            start=np.zeros(rows, np.int64),
            end=np.full(rows, len(past)),
            now=np.full(rows, NOW),
            user=np.arange(rows, dtype=np.int32),
        ),
        items=items,
        mask=items >= 0 if mask is None else mask,
        table=table,
        scores={} if scores is None else {"some": np.asarray(scores, np.float32)},
    )


@pytest.mark.parametrize("name", NAMES)
def test_an_objective_names_a_working_evaluator_that_a_configuration_replaces(name):
    judged_by = evaluator(make(name))
    assert judged_by.direction == "max"
    other = ComponentRef(use="acme/lift", params={"window": 3})
    assert make(name, evaluator={"use": "acme/lift", "params": {"window": 3}}).evaluator == other


@pytest.mark.parametrize("name", NAMES)
def test_what_is_scored_on_logs_is_labelled_replay(name):
    assert make(name).label == (name if name in OF_LISTS else f"{name} (replay)")


@pytest.mark.parametrize(
    ("name", "params", "events", "passed_on"),
    [
        ("relevance", {}, (), {}),
        ("relevance", {"event": "buy"}, ("buy",), {"event": "buy"}),
        ("precision", {"event": "buy"}, ("buy",), {"event": "buy"}),
        ("discovery", {"event": "buy"}, ("buy",), {"event": "buy"}),
        ("click-rate", {}, ("click",), {"event": "click"}),
        ("conversion", {"per": "view"}, ("purchase", "view"), {"event": "purchase", "per": "view"}),
        ("satisfaction", {}, ("rating",), {"event": "rating", "gain": "linear"}),
        ("sales", {"event": "margin"}, ("margin",), {"event": "margin"}),
        ("dwell", {}, ("dwell",), {"event": "dwell"}),
        ("completion", {"duration": ""}, ("dwell",), {"event": "dwell", "duration": ""}),
        ("diversity", {}, (), {"most_values": 1000}),
        ("novelty", {}, (), {}),
    ],
)
def test_events_are_needed_and_reach_the_evaluator(name, params, events, passed_on):
    objective = make(name, **params)
    assert objective.needs_events == events
    assert dict(objective.evaluator.params) == passed_on


@pytest.mark.parametrize("name", ["relevance", "precision", "click-rate", "conversion", "dwell", "completion"])
def test_what_encoders_and_heads_push_has_no_signal_of_its_own(name):
    assert make(name).signal(make_view([[0, 1]])) is None


def test_sales_are_pushed_by_the_price_as_of_the_request():
    prices = Timeline(np.array([0, 2, 3, 3]), np.array([5, NOW, 7]), np.array([2.0, 99.0, 4.0], np.float32))
    view = make_view([[0, 1, 2, -1]], count=3, timelines={"price": prices})
    np.testing.assert_array_equal(make("sales").signal(view), [[2, 4, 0, 0]])


def test_sales_fall_back_to_a_number_column_and_to_no_signal():
    numbers = {"price": np.array([3.0, 1.0], np.float32)}
    np.testing.assert_array_equal(make("sales").signal(make_view([[1, 0]], count=2, numbers=numbers)), [[1, 3]])
    assert make("sales").signal(make_view([[1, 0]])) is None
    assert make("sales", price="").signal(make_view([[1, 0]], count=2, numbers=numbers)) is None
    with pytest.raises(ConfigError, match=r"price = 'cost'; the item table has price"):
        make("sales", price="cost").signal(make_view([[1, 0]], count=2, numbers=numbers))


def test_discovery_is_pushed_by_what_the_user_never_had():
    np.testing.assert_array_equal(make("discovery").signal(make_view([[3, 4, 5]], past=[4, 4])), [[1, 0, 1]])


def test_novelty_is_pushed_by_the_very_surprise_that_is_judged():
    counts = np.array([64.0, 8, 1, 0])
    table = ItemTable(np.array(list("abcd"), object), np.zeros(4, np.int64), counts=counts)
    signal = make("novelty").signal(make_view([[3, 1, 0, 2]], table=table))
    gain = evaluator(make("novelty", evaluator={"use": "novelty", "params": {"bits": True}}))
    none = np.zeros(0, np.int32)
    requests = Requests(np.zeros(1, np.int32), np.zeros(1, np.int64), np.zeros(2, np.int64), none, {})
    truth = Truth(requests, table, (), counts, 5, none.astype(bool))
    np.testing.assert_allclose(signal[0], gain.metric(truth, 1).item[[3, 1, 0, 2]], rtol=1e-6)
    assert make("novelty").signal(make_view([[0, 1]])) is None


def crowded(rows=60, width=40, seed=0):
    """Candidates of four unequal groups, the best of which are nearly all of one."""
    rng = np.random.default_rng(seed)
    group = rng.choice(4, p=[0.55, 0.25, 0.15, 0.05], size=200).astype(np.int32)
    brand = rng.integers(2, size=200).astype(np.int32)
    items = np.array([np.sort(rng.permutation(200)[:width]) for _ in range(rows)])
    scores = rng.random((rows, width)) + 0.7 * (group[items] == 0)
    categories = {"group": Category(group, tuple("abcd")), "brand": Category(brand, ("x", "y"))}
    return make_view(items, scores, count=200, categories=categories)


def diversity_of(view, score, k):
    best = np.argsort(-score, axis=1, kind="stable")[:, :k]
    lists = np.take_along_axis(view.items, best, axis=1)
    rows = len(lists)
    none = np.zeros(0, np.int32)
    requests = Requests(none, none, np.zeros(rows + 1, np.int64), none, {})
    truth = Truth(requests, view.table, (), np.zeros(0), 1, none.astype(bool))
    return score_lists(evaluator(make("diversity")).metric(truth, k), truth, lists)[0].mean()


@pytest.mark.parametrize("k", [3, 10])
def test_the_more_weight_the_diversity_signal_has_the_more_diverse_lists_are(k):
    view = crowded(rows=200)
    signal, relevance = make("diversity").signal(view), view.scores["some"] / view.scores["some"].max()
    found = [diversity_of(view, (1 - w) * relevance + w * signal, k) for w in (0, 0.25, 0.5, 0.75, 1)]
    assert all(later > earlier - 0.005 for earlier, later in itertools.pairwise(found))
    assert found[-1] > found[0] + 0.1


def test_all_weight_on_the_diversity_signal_is_as_good_as_re_ranking_greedily_for_diversity():
    view = crowded()
    signal = make("diversity", relevance=0.0, depth=40).signal(view)
    group, brand = (view.table.categories[name].codes[view.items] for name in ("group", "brand"))
    greedy = np.zeros(view.items.shape)
    for row in range(len(greedy)):
        order = sorted(range(view.items.shape[1]), key=lambda c, row=row: (-view.scores["some"][row, c], c))
        taken = []
        while len(taken) < 10:
            left = [c for c in order if c not in taken]
            agree = [
                sum(int(group[row, c] == group[row, t]) + int(brand[row, c] == brand[row, t]) for t in taken)
                for c in left
            ]
            taken.append(left[int(np.argmin(agree))])
        greedy[row, taken] = np.arange(10, 0, -1)
    for k in (3, 10):
        assert diversity_of(view, signal, k) == pytest.approx(diversity_of(view, greedy, k), abs=1e-12)


def test_the_diversity_signal_is_blind_to_the_order_of_candidates_and_to_other_rows():
    view = crowded(rows=8)
    signal = make("diversity").signal(view)
    order = np.random.default_rng(1).permutation(view.items.shape[1])
    mixed = make_view(view.items[:, order], view.scores["some"][:, order], table=view.table)
    np.testing.assert_array_equal(make("diversity").signal(mixed), signal[:, order])
    alone = make_view(view.items[2:3], view.scores["some"][2:3], table=view.table)
    np.testing.assert_array_equal(make("diversity").signal(alone), signal[2:3])


def test_the_diversity_signal_looks_at_real_candidates_down_to_its_depth():
    view = crowded(rows=4)
    items = np.concatenate([view.items[:, :30], np.full((4, 10), -1)], axis=1)
    short = make_view(items, view.scores["some"], table=view.table)
    signal = make("diversity", depth=20).signal(short)
    assert ((signal > 0).sum(axis=1) == 20).all()
    assert (signal[:, 30:] == 0).all()
    worst_kept = np.sort(short.scores["some"][:, :30], axis=1)[:, 10]
    assert (short.scores["some"][signal > 0] >= np.repeat(worst_kept, 20)).all()
    everything = make("diversity").signal(short)
    assert ((everything > 0).sum(axis=1) == 30).all()


def test_diversity_without_a_category_has_no_signal():
    assert make("diversity").signal(make_view([[0, 1]], [[0.5, 1]])) is None
    many = {"id": Category(np.arange(40, dtype=np.int32), tuple(map(str, range(40))))}
    view = make_view([[0, 1]], [[0.5, 1]], categories=many)
    assert make("diversity", most_values=10).signal(view) is None
    assert make("diversity", columns=["id"], most_values=10).signal(view) is not None
