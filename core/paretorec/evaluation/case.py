"""All tables of one evaluation in one coding: lists and truth as the arrays that metrics work on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from paretorec.contracts.dataset import Event, Requests
from paretorec.contracts.evaluator import Truth
from paretorec.contracts.run import Array
from paretorec.data.labels import merge_labels
from paretorec.errors import DataError
from paretorec.evaluation.catalogue import Attributes, read_items
from paretorec.evaluation.frames import Pairs, read_labels, read_order, read_pairs


@dataclass(frozen=True)
class Case:
    """Request r is user r of the truth."""

    truth: Truth
    lists: tuple[Array, ...]
    """Per system int32 [R, depth], -1 padded."""
    counts: Mapping[str, int]
    """Users without a list and users left out, per system."""


@dataclass(frozen=True)
class _Coding:
    users: pd.Index
    items: pd.Index

    def user(self, pairs: Pairs) -> Array:
        """int64 [n], -1 = not in the truth."""
        return np.asarray(self.users.get_indexer(pd.Index(pairs.user.names))[pairs.user.codes])

    def item(self, pairs: Pairs) -> Array:
        """int64 [n]."""
        return np.asarray(self.items.get_indexer(pd.Index(pairs.item.names))[pairs.item.codes])


def read_case(
    tables: Mapping[str, pd.DataFrame],
    truth: pd.DataFrame,
    items: pd.DataFrame | None,
    interactions: pd.DataFrame | None,
    kinds: Mapping[str, str] | None,
    depth: int,
) -> Case:
    """tables: system -> lists, the first one named ``recommendations``; depth: items kept of each list.

    Raises `DataError`.
    """
    listed = {name: read_pairs(frame, name) for name, frame in tables.items()}
    taken = read_pairs(truth, "truth")
    before = None if interactions is None else read_pairs(interactions, "interactions")
    attributes = Attributes() if items is None else read_items(items)
    named = [taken, *listed.values(), *([before] if before else [])]
    ids = np.concatenate([attributes.ids, *(pairs.item.names for pairs in named)])
    coding = _Coding(pd.Index(taken.user.names), pd.Index(pd.unique(ids)))
    lists = tuple(_lists(coding, pairs, read_order(tables[name], name), name, depth) for name, pairs in listed.items())
    counts = {}
    for (name, pairs), found in zip(listed.items(), lists, strict=True):
        prefix = "" if name == "recommendations" else f"{name}_"
        counts[f"{prefix}without_list"] = int((found < 0).all(axis=1).sum())
        counts[f"{prefix}left_out"] = len(pd.Index(pairs.user.names).difference(coding.users))
    events, labels = read_labels(truth, kinds)
    requests = _requests(coding, taken, events, labels)
    known, item_counts = _past(coding, before, requests)
    users = 0 if before is None else len(before.user.names)
    table = attributes.of(np.asarray(coding.items, dtype=object))
    return Case(Truth(requests, table, events, item_counts, users, known), lists, counts)


def _lists(coding: _Coding, pairs: Pairs, order: Array, table: str, depth: int) -> Array:
    user, item = coding.user(pairs), coding.item(pairs)
    twice = pd.DataFrame({"user": pairs.user.codes, "item": pairs.item.codes}).duplicated().to_numpy()
    if twice.any():
        raise DataError(
            f"{table}: row {int(twice.argmax()) + 1} lists an item for the second time for the same user "
            f"({int(twice.sum())} such rows); drop duplicates"
        )
    rows = np.lexsort((order, user))
    rows = rows[user[rows] >= 0]
    length = np.bincount(user[rows], minlength=len(coding.users))
    place = np.arange(len(rows)) - (np.cumsum(length) - length)[user[rows]]
    shown = place < depth
    lists = np.full((len(coding.users), depth), -1, np.int32)
    lists[user[rows[shown]], place[shown]] = item[rows[shown]]
    return lists


def _requests(coding: _Coding, taken: Pairs, events: tuple[Event, ...], labels: Mapping[str, Array]) -> Requests:
    user, item = coding.user(taken), coding.item(taken)
    rows = np.lexsort((item, user))
    user, item = user[rows], item[rows]
    starts = np.flatnonzero(np.append(True, (np.diff(user) != 0) | (np.diff(item) != 0)))
    users = len(coding.users)
    return Requests(
        user=np.arange(users, dtype=np.int32),
        time=np.zeros(users, np.int64),
        offsets=np.concatenate([[0], np.cumsum(np.bincount(user[starts], minlength=users))]).astype(np.int64),
        target_items=item[starts].astype(np.int32),
        target_labels={event.name: merge_labels(labels[event.name][rows], event.kind, starts) for event in events},
    )


def _past(coding: _Coding, before: Pairs | None, requests: Requests) -> tuple[Array, Array]:
    """(known bool [T], earlier interactions per item float64 [N])."""
    width = len(coding.items)
    if before is None:
        return np.zeros(len(requests.target_items), bool), np.zeros(width)
    user, item = coding.user(before), coding.item(before)
    had = (user * width + item)[user >= 0]
    known = np.isin(requests.target_rows * width + requests.target_items, had)
    return known, np.bincount(item, minlength=width).astype(np.float64)
