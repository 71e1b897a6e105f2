"""Folds: cut from what lies before the certify window, by users or by time, without a look ahead."""

import numpy as np
import pytest
from simulated_shop import SHOP

from paretorec.components import Components
from paretorec.configfile import parse_config
from paretorec.data.tables import resolve_data
from paretorec.errors import DataError
from paretorec.prepare import prepare
from paretorec.registry import Registry
from paretorec.tuning.folds import before_certify, make_folds


@pytest.fixture(scope="module", params=[("7d", "7d"), ("3d", "2d")], ids=["a week apart", "overlapping"])
def prepared(request):
    horizon, period = request.param
    return prepared_with({"use": "temporal", "params": {"requests": "periods", "horizon": horizon, "period": period}})


def prepared_with(split):
    config = parse_config({**SHOP, "split": split}, "shop")
    components = Components.build(config, Registry(files=()))
    tables = components.source.component.load()
    return prepare(tables, config.model_copy(update={"data": resolve_data(tables, config.data)}), components)


def ends(requests, prepared):
    """The last moment at which something that these requests stand for happens."""
    return int(requests.time.max()) + prepared.split.horizon


def test_no_row_of_the_certify_window_is_left(prepared):
    known = before_certify(prepared)
    begin = prepared.split.certify.time.min()
    assert prepared.data.time.max() >= begin
    assert known.data.time.max() < begin
    assert known.history.times.max() < begin
    assert len(known.split.certify) == 0
    assert known.split.fit.sum() == prepared.split.fit.sum()
    assert len(known.split.fit) == len(known.data)


def test_without_a_horizon_each_user_ends_at_its_own_certify_request():
    prepared = prepared_with({"use": "leave-one-out"})
    known = before_certify(prepared)
    certify = prepared.split.certify
    first = dict(zip(certify.user.tolist(), certify.time.tolist(), strict=True))
    assert all(time < first.get(user, np.inf) for user, time in zip(known.data.user, known.data.time, strict=True))
    assert len(prepared.data) - len(known.data) >= len(certify)
    assert known.split.fit.sum() == prepared.split.fit.sum()


def test_folds_by_users_take_turns(prepared):
    folds = make_folds(prepared, 3, "users", 0)
    select = prepared.split.select
    assert sum(len(fold.held_out) for fold in folds) == len(select)
    held = [set(fold.held_out.user.tolist()) for fold in folds]
    assert set().union(*held) == set(select.user.tolist())
    assert sum(map(len, held)) == len(set(select.user.tolist()))
    for fold, users in zip(folds, held, strict=True):
        assert not users & set(fold.prepared.split.select.user.tolist())
        assert len(fold.prepared.split.select) + len(fold.held_out) == len(select)
    assert len({fold.models for fold in folds}) == 1


def test_folds_by_time_move_on_and_never_look_ahead(prepared):
    folds = make_folds(prepared, 2, "time", 0)
    assert len({fold.models for fold in folds}) == 2
    for fold in folds:
        split, data = fold.prepared.split, fold.prepared.data
        assert (data.time[split.fit] < split.fit_end).all()
        assert split.fit_end <= split.validation.time.min()
        assert ends(split.validation, prepared) <= split.rank.time.min()
        assert ends(split.rank, prepared) <= split.select.time.min()
        assert len(split.select) > 0
        assert len(fold.held_out) > 0
        assert ends(split.select, prepared) <= fold.held_out.time.min()
        assert ends(fold.held_out, prepared) <= prepared.split.certify.time.min()
    assert folds[0].held_out.time.min() == folds[1].prepared.split.select.time.min()
    moved = folds[1].prepared.split.select.time.min() - folds[0].prepared.split.select.time.min()
    learned = folds[1].prepared.split.fit_end - folds[0].prepared.split.fit_end
    assert 0 <= moved - learned < prepared.split.horizon


def test_the_first_fold_by_time_learns_from_what_a_run_learns_from(prepared):
    split, first = prepared.split, make_folds(prepared, 2, "time", 0)[0].prepared.split
    assert first.fit.sum() == split.fit.sum()
    for part in ("rank", "validation"):
        mine, runs = getattr(first, part), getattr(split, part)
        assert sorted(zip(mine.user, mine.time, strict=True)) == sorted(zip(runs.user, runs.time, strict=True))
        assert len(mine.target_items) == len(runs.target_items)


def test_targets_stay_with_their_requests(prepared):
    known = {
        (int(user), int(time)): sorted(prepared.split.select.take(slice(r, r + 1)).target_items.tolist())
        for r, (user, time) in enumerate(zip(prepared.split.select.user, prepared.split.select.time, strict=True))
    }
    held_out = make_folds(prepared, 2, "time", 0)[-1].held_out
    for r in range(0, len(held_out), 7):
        one = held_out.take(slice(r, r + 1))
        assert sorted(one.target_items.tolist()) == known[int(one.user[0]), int(one.time[0])]


def test_too_many_folds_are_refused(prepared):
    with pytest.raises(
        DataError, match=r"the select window holds [\d.]+ horizons, and 40 folds by time cut it into 41"
    ):
        make_folds(prepared, 40, "time", 0)
    few = prepared_with({**SHOP["split"], "params": {**SHOP["split"]["params"], "shares": [0.6, 0.1, 0.1]}})
    with pytest.raises(DataError, match=r"fold \d+ of 2000 holds 0 of \d+ select requests; lower tune.folds"):
        make_folds(few, 2000, "users", 0)


def test_folds_by_time_need_dates():
    with pytest.raises(DataError, match=r'folds by time need a split by dates.*set tune.by = "users"'):
        make_folds(prepared_with({"use": "leave-one-out"}), 2, "time", 0)
