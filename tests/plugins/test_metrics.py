"""Every built-in evaluator against plain Python and scikit-learn, and the laws that its definition promises."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import f1_score, ndcg_score, precision_score, recall_score, top_k_accuracy_score
from sklearn.metrics.pairwise import cosine_similarity

from paretorec.contracts import Category, ComponentRef, Event, Exposure, ItemTable, Requests, Truth
from paretorec.errors import ConfigError, ParetoRecError
from paretorec.evaluation import score_exposure, score_lists
from paretorec.registry import Registry

_PATH = Path(__file__).parents[1] / "oracles" / "plain_metrics.py"
_SPEC = importlib.util.spec_from_file_location("plain_metrics", _PATH)
plain = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(plain)

REGISTRY = Registry()
EXACT = {"rtol": 0, "atol": 1e-9}
NAMES = [entry.name for entry in REGISTRY.available() if entry.kind == "evaluator" and entry.builtin]

PER_LIST = {
    "accuracy": plain.accuracy,
    "precision": plain.precision,
    "recall": plain.recall,
    "f1": plain.f1,
    "hit-rate": plain.hit_rate,
    "mrr": plain.mrr,
    "map": plain.average_precision,
    "ndcg": plain.ndcg,
}


def make(name, **params):
    return REGISTRY.build("evaluator", ComponentRef(use=name, params=params)).component


def value(metric, truth, lists):
    if isinstance(metric, Exposure):
        return score_exposure(metric, lists, len(truth.items))
    top, bottom = score_lists(metric, truth, lists)
    return top.sum() / bottom.sum() if bottom.sum() else 0.0


def make_truth(targets, items=6, known=(), columns=None, counts=None, events=None):
    """targets: per request, item code -> {event: label}."""
    events = events or (Event("click"), Event("purchase"), Event("sales", "amount"))
    flat = [(row, item, labels) for row, one in enumerate(targets) for item, labels in one.items()]
    length = [len(one) for one in targets]
    return Truth(
        requests=Requests(
            user=np.arange(len(targets), dtype=np.int32),
            time=np.zeros(len(targets), np.int64),
            offsets=np.concatenate([[0], np.cumsum(length)]).astype(np.int64),
            target_items=np.array([item for _, item, _ in flat], np.int32),
            target_labels={
                event.name: np.array([labels.get(event.name, np.nan) for *_, labels in flat], np.float32)
                for event in events
            },
        ),
        items=ItemTable(np.array([str(i) for i in range(items)], object), np.zeros(items, np.int64), **(columns or {})),
        events=events,
        item_counts=np.arange(items, dtype=float) if counts is None else counts,
        user_count=10,
        known=np.array([(row, item) in known for row, item, _ in flat], bool),
    )


def pad(lists, k):
    out = np.full((len(lists), k), -1, np.int32)
    for row, listed in enumerate(lists):
        out[row, : len(listed[:k])] = listed[:k]
    return out


@st.composite
def cases(draw):
    """Requests with several targets or none, labels that are 0 or not observed, lists of any length, k beyond them."""
    items = draw(st.integers(2, 9))
    label = st.sampled_from([0.0, 1.0]) | st.just(float("nan"))
    amount = st.sampled_from([0.0, 0.25, 1.0, 1.0, 2.5, 7.75]) | st.just(float("nan"))
    labels = st.fixed_dictionaries({"click": label, "purchase": label, "sales": amount})
    targets = st.dictionaries(st.integers(0, items - 1), labels, max_size=items)
    lists = st.permutations(range(items)).flatmap(lambda p: st.integers(0, items).map(lambda n: list(p)[:n]))
    rows = draw(st.lists(st.tuples(targets, lists), min_size=1, max_size=5))
    k = draw(st.integers(1, 12))
    return items, [t for t, _ in rows], [listed for _, listed in rows], k


def gains(target, event):
    """item -> label, not observed = 0; for no event: 1 where any event is above 0."""
    if event:
        return {item: np.nan_to_num(labels[event]) for item, labels in target.items()}
    return {item: float(max(np.nan_to_num(list(labels.values()))) > 0) for item, labels in target.items()}


@settings(max_examples=150, deadline=None)
@given(cases(), st.sampled_from(["", "click", "sales"]))
def test_metrics_of_hits_agree_with_plain_python(case, event):
    items, targets, lists, k = case
    truth = make_truth(targets, items)
    for name, oracle in PER_LIST.items():
        found, one = score_lists(make(name, event=event).metric(truth, k), truth, pad(lists, k))
        binary = [{item: float(gain > 0) for item, gain in gains(t, event).items()} for t in targets]
        wanted = [oracle(listed, gain, k) for listed, gain in zip(lists, binary, strict=True)]
        np.testing.assert_allclose(found, wanted, err_msg=name, **EXACT)
        assert (one == 1).all()


@settings(max_examples=100, deadline=None)
@given(cases())
def test_graded_gains_and_amounts_agree_with_plain_python(case):
    items, targets, lists, k = case
    truth, listed = make_truth(targets, items), pad(lists, k)
    label = [gains(target, "sales") for target in targets]
    power = [{item: 2**gain - 1 for item, gain in one.items()} for one in label]
    for kind, graded in (("linear", label), ("exponential", power)):
        found, _ = score_lists(make("ndcg", event="sales", gain=kind).metric(truth, k), truth, listed)
        np.testing.assert_allclose(found, [plain.ndcg(a, g, k) for a, g in zip(lists, graded, strict=True)], **EXACT)
    found, _ = score_lists(make("revenue").metric(truth, k), truth, listed)
    np.testing.assert_allclose(found, [plain.total(a, g, k) for a, g in zip(lists, label, strict=True)], **EXACT)
    found, _ = score_lists(make("click-rate").metric(truth, k), truth, listed)
    clicks = [gains(target, "click") for target in targets]
    np.testing.assert_allclose(found, [plain.precision(a, g, k) for a, g in zip(lists, clicks, strict=True)], **EXACT)


@settings(max_examples=100, deadline=None)
@given(cases())
def test_conversion_is_purchases_of_the_clicked_per_click(case):
    items, targets, lists, k = case
    truth = make_truth(targets, items)
    shown = [
        target[item] for target, listed in zip(targets, lists, strict=True) for item in listed[:k] if item in target
    ]
    clicked = [labels for labels in shown if labels["click"] == 1]
    bought = [labels for labels in clicked if labels["purchase"] == 1]
    wanted = len(bought) / len(clicked) if clicked else 0
    assert value(make("conversion").metric(truth, k), truth, pad(lists, k)) == pytest.approx(wanted, abs=1e-9)


@settings(max_examples=100, deadline=None)
@given(cases())
def test_completion_is_time_watched_per_length_of_what_was_observed(case):
    items, targets, lists, k = case
    minutes = np.arange(items, dtype=np.float32)  # item 0 has no known length
    truth = make_truth(targets, items, columns={"numbers": {"minutes": minutes}})
    shown = [
        (target[item]["sales"], float(minutes[item]))
        for target, listed in zip(targets, lists, strict=True)
        for item in listed[:k]
        if item in target and not np.isnan(target[item]["sales"]) and item > 0
    ]
    wanted = sum(min(w, length) for w, length in shown) / sum(length for _, length in shown) if shown else 0
    metric = make("completion", event="sales", duration="minutes").metric(truth, k)
    assert value(metric, truth, pad(lists, k)) == pytest.approx(wanted, abs=1e-9)


@settings(max_examples=100, deadline=None)
@given(cases(), st.data())
def test_discovery_is_precision_on_what_the_user_never_had(case, data):
    items, targets, lists, k = case
    pairs = [(row, item) for row, target in enumerate(targets) for item in target]
    known = set(data.draw(st.lists(st.sampled_from(pairs)))) if pairs else set()
    truth = make_truth(targets, items, known)
    found, _ = score_lists(make("discovery", event="click").metric(truth, k), truth, pad(lists, k))
    new = [
        {item: gain for item, gain in gains(target, "click").items() if (row, item) not in known}
        for row, target in enumerate(targets)
    ]
    np.testing.assert_allclose(found, [plain.precision(a, g, k) for a, g in zip(lists, new, strict=True)], **EXACT)


@settings(max_examples=100, deadline=None)
@given(cases(), st.data())
def test_metrics_of_the_lists_themselves_agree_with_plain_python(case, data):
    items, targets, lists, k = case
    codes = st.lists(st.integers(0, 2), min_size=items, max_size=items)
    brand, kind = np.array(data.draw(codes), np.int32), np.array(data.draw(codes), np.int32)
    columns = {"brand": Category(brand, ("a", "b", "c")), "kind": Category(kind, ("x", "y", "z"))}
    counts = np.array(data.draw(st.lists(st.integers(0, 40), min_size=items, max_size=items)), float)
    counts[0] += 1
    truth, listed = make_truth(targets, items, columns={"categories": columns}, counts=counts), pad(lists, k)
    attributes = list(zip(brand, kind, strict=True))
    wanted = np.mean([plain.diversity(one, attributes, k) for one in lists])
    assert value(make("intra-list-diversity").metric(truth, k), truth, listed) == pytest.approx(wanted, abs=1e-9)
    wanted = np.mean([plain.novelty(one, dict(enumerate(counts)), k) for one in lists])
    assert value(make("novelty", bits=True).metric(truth, k), truth, listed) == pytest.approx(wanted, abs=1e-9)
    for name, oracle in (("coverage", plain.coverage), ("gini", plain.gini)):
        found = value(make(name).metric(truth, k), truth, listed)
        assert found == pytest.approx(oracle(lists, range(items), k), abs=1e-9), name


def random_full_lists(rng, rows=30, items=12):
    """Permutations of the catalogue, and which items are targets: at least one each."""
    lists = np.array([rng.permutation(items) for _ in range(rows)], np.int32)
    hit = rng.random((rows, items)) < 0.25
    hit[np.arange(rows), rng.integers(items, size=rows)] = True
    return lists, hit


def truth_of(hit, label=None):
    label = hit.astype(float) if label is None else label
    return make_truth(
        [{i: {"click": 1.0, "sales": label[row, i]} for i in np.flatnonzero(hit[row])} for row in range(len(hit))],
        hit.shape[1],
    )


@pytest.mark.parametrize("k", [1, 3, 10])
def test_precision_recall_and_f1_agree_with_scikit_learn(k):
    lists, hit = random_full_lists(np.random.default_rng(k))
    shown = np.zeros(hit.shape, bool)
    np.put_along_axis(shown, lists[:, :k], values=True, axis=1)
    truth = truth_of(hit)
    for name, oracle in (("precision", precision_score), ("recall", recall_score), ("f1", f1_score)):
        found = value(make(name).metric(truth, k), truth, lists[:, :k])
        assert found == pytest.approx(oracle(hit, shown, average="samples"), abs=1e-9)


@pytest.mark.parametrize("k", [1, 3, 12])
def test_ndcg_agrees_with_scikit_learn(k):
    rng = np.random.default_rng(k)
    lists, hit = random_full_lists(rng)
    score = np.zeros(hit.shape)
    np.put_along_axis(score, lists, values=np.arange(hit.shape[1], 0, -1.0)[None], axis=1)
    grades = np.where(hit, rng.integers(1, 4, hit.shape) / 2, 0.0)
    truth = truth_of(hit, grades)
    found = value(make("ndcg", event="click").metric(truth, k), truth, lists[:, :k])
    assert found == pytest.approx(ndcg_score(hit, score, k=k), abs=1e-9)
    found = value(make("ndcg", event="sales", gain="linear").metric(truth, k), truth, lists[:, :k])
    assert found == pytest.approx(ndcg_score(grades, score, k=k), abs=1e-9)


def test_accuracy_with_one_target_is_top_k_accuracy():
    lists, _ = random_full_lists(np.random.default_rng(0))
    target = np.random.default_rng(1).integers(12, size=len(lists))
    score = np.zeros(lists.shape)
    np.put_along_axis(score, lists, values=np.arange(12, 0, -1.0)[None], axis=1)
    truth = truth_of(np.eye(12, dtype=bool)[target])
    found = value(make("accuracy").metric(truth, 4), truth, lists[:, :4])
    assert found == pytest.approx(top_k_accuracy_score(target, score, k=4, labels=range(12)), abs=1e-9)


def test_diversity_of_numbers_is_one_minus_cosine_of_z_scores():
    rng = np.random.default_rng(0)
    numbers = {"size": rng.normal(5, 3, 8).astype(np.float32), "weight": rng.random(8).astype(np.float32)}
    codes = rng.integers(3, size=8).astype(np.int32)
    columns = {"numbers": numbers, "categories": {"kind": Category(codes, ("a", "b", "c"))}}
    truth = make_truth([{}], 8, columns=columns)
    metric = make("intra-list-diversity", columns=["kind", "size", "weight"]).metric(truth, 4)
    z = np.stack([(n.astype(float) - n.astype(float).mean()) / n.astype(float).std() for n in numbers.values()], 1)
    cosine = cosine_similarity(np.concatenate([np.eye(3)[codes], z], axis=1))
    shown = [6, 0, 3, 1]
    wanted = 1 - np.mean([cosine[a, b] for a in shown for b in shown if a != b])
    assert value(metric, truth, np.array([shown], np.int32)) == pytest.approx(wanted, abs=1e-9)


def every_metric(truth, k):
    params = {"revenue": {"event": "sales"}, "completion": {"event": "sales", "duration": ""}}
    return {name: make(name, **params.get(name, {})).metric(truth, k) for name in NAMES}


@settings(max_examples=60, deadline=None)
@given(cases(), st.data())
def test_the_order_of_requests_means_nothing(case, data):
    items, targets, lists, k = case
    columns = {"categories": {"kind": Category(np.arange(items, dtype=np.int32) % 3, ("a", "b", "c"))}}
    order = data.draw(st.permutations(range(len(targets))))
    truth = make_truth(targets, items, columns=columns)
    other = make_truth([targets[row] for row in order], items, columns=columns)
    mixed = pad([lists[row] for row in order], k)
    for name, metric in every_metric(truth, k).items():
        again = every_metric(other, k)[name]
        assert value(metric, truth, pad(lists, k)) == pytest.approx(value(again, other, mixed), abs=1e-12), name


@settings(max_examples=60, deadline=None)
@given(cases())
def test_shares_stay_between_nothing_and_everything(case):
    items, targets, lists, k = case
    columns = {"categories": {"kind": Category(np.arange(items, dtype=np.int32) % 3, ("a", "b", "c"))}}
    truth = make_truth(targets, items, columns=columns)
    for name, metric in every_metric(truth, k).items():
        if name != "revenue":
            assert -1e-12 <= value(metric, truth, pad(lists, k)) <= 1 + 1e-12, name


def test_a_perfect_list_has_all_that_is_possible():
    truth = make_truth([{0: {"click": 1}, 4: {"click": 1}}, {2: {"click": 1}}])
    lists = pad([[4, 0, 1], [2, 1, 0]], 3)
    for name in ("accuracy", "recall", "hit-rate", "mrr", "map", "ndcg"):
        assert value(make(name).metric(truth, 3), truth, lists) == pytest.approx(1), name


def test_every_metric_of_empty_lists_is_nothing():
    columns = {"categories": {"kind": Category(np.zeros(6, np.int32), ("a",))}}
    truth = make_truth([{0: {"click": 1, "sales": 2.0}}, {}], columns=columns)
    for name, metric in every_metric(truth, 3).items():
        assert value(metric, truth, np.full((2, 3), -1, np.int32)) == 0, name


def test_gini_is_the_only_one_where_less_is_better():
    assert [name for name in NAMES if make(name).direction == "min"] == ["gini"]


def test_an_item_taken_again_and_again_never_has_a_surprise_below_nothing():
    truth = make_truth([{}], 3, counts=np.array([500.0, 3, 0]))  # ten users, so on average fifty times each
    bits = [value(make("novelty", bits=True).metric(truth, 1), truth, np.array([[item]])) for item in range(3)]
    assert 0 <= bits[0] < bits[1] < bits[2]
    assert value(make("novelty").metric(truth, 1), truth, np.array([[2]])) == pytest.approx(1)


@pytest.mark.parametrize(
    ("name", "params", "events", "words"),
    [
        ("revenue", {}, (Event("click"),), "needs an amount.*only click"),
        ("revenue", {}, (Event("a", "amount"), Event("b", "amount")), "one of a, b"),
        ("conversion", {}, (Event("click"),), "'purchase' is not in the data"),
        ("completion", {"duration": "length"}, (Event("dwell", "amount"),), "'length' is neither"),
        ("intra-list-diversity", {}, (Event("click"),), "needs item attributes"),
        ("intra-list-diversity", {"columns": ["color"]}, (Event("click"),), "no .* item column 'color'"),
    ],
)
def test_what_is_missing_is_said(name, params, events, words):
    truth = make_truth([{0: {}}], events=events)
    with pytest.raises(ConfigError, match=words):
        make(name, **params).metric(truth, 5)


def test_graded_ndcg_needs_to_know_which_event_grades():
    with pytest.raises(ParetoRecError, match="name the event"):
        make("ndcg", gain="linear")


def test_columns_in_which_nearly_all_items_differ_are_taken_only_by_name():
    many = Category(np.arange(6, dtype=np.int32), tuple("abcdef"))
    few = Category(np.zeros(6, np.int32), ("a",))
    truth = make_truth([{}], columns={"categories": {"many": many, "few": few}})
    lists = np.array([[0, 1, 2]], np.int32)
    assert value(make("intra-list-diversity", most_values=3).metric(truth, 3), truth, lists) == 0
    named = make("intra-list-diversity", most_values=3, columns=["many"])
    assert value(named.metric(truth, 3), truth, lists) == 1
