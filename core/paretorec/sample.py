"""How many select requests a search looks at: as many as tell what is wished for from nothing."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from paretorec.contracts.dataset import Requests
from paretorec.contracts.run import Array
from paretorec.data.hashing import hash_ids
from paretorec.judge.clusters import Clusters
from paretorec.judging import Judged
from paretorec.search.shown import SURE
from paretorec.search.wish import Wish

ALL = 20_000
"""Requests up to which a search looks at all of them: judging them takes a second or two a thousand policies."""
PILOT = 4_000
"""Requests from which the size of the sample is worked out."""
TRIED = 20
"""Policies beside the corners whose changes are measured on the pilot."""
MOST = 50_000
"""Requests that a search looks at unless more are asked for: what a front of hundreds of policies can be compared on
within 2 GiB."""
SMALLEST = 0.02
"""The smallest change that is to be told, of the baseline, in objectives for which the wish names none."""


def search_requests(
    whole: Requests,
    asked: int | None,
    user_ids: Array,
    seed: int,
    judged: Callable[[Requests], Judged],
    policies: Array,
    wish: Callable[[Judged], tuple[Wish, int]],
) -> tuple[Requests, dict[str, Any]]:
    """(the select requests that the search looks at, what the run's record says of them).

    All of them where there are `ALL` or fewer and none are `asked` for (`[search] requests`); else whole users, drawn
    by the seed, of as many requests as asked for, or as `wanted_requests` says after a pilot sample. judged: makes a
    judge of some requests; policies: float64 [P, D], whose changes are measured on the pilot; wish: of a judge, the
    standing wish and the row of `policies` that is the baseline. Nothing but select requests is looked at, and those
    left out are used for nothing else.
    """
    if asked is None and len(whole) <= ALL:
        return whole, told(whole, whole, "all of them")
    order = users_in_turn(whole, user_ids, seed)
    if asked is not None:
        return (some := first(whole, order, asked)), told(some, whole, f"[search] requests = {asked}")
    pilot = judged(first(whole, order, PILOT))
    target, baseline = wish(pilot)
    columns = [list(pilot.judge.metrics).index(name) for name in pilot.judge.additive]
    fields = {name: getattr(target, name)[columns] for name in ("baseline", "scale", "weights", "least")}
    wanted = wanted_requests(*pilot.judge.parts(policies), baseline, pilot.requests.user, replace(target, **fields))
    some = first(whole, order, min(max(wanted, PILOT), MOST))
    why = f"{wanted:,} tell the smallest change wished for, by a pilot of {len(pilot.requests):,}"
    return some, told(some, whole, why if wanted <= MOST else f"{why}; {MOST:,} are the most that are taken")


def users_in_turn(requests: Requests, user_ids: Array, seed: int) -> Array:
    """int64 [R]: the requests, those of one user together, users in the order of a seeded hash of their ids.

    The first ones are a random sample of whole users, and a longer sample contains a shorter one.
    """
    users, own = np.unique(requests.user, return_inverse=True)
    turn = np.empty(len(users), np.int64)
    turn[np.argsort(hash_ids(user_ids[users], seed), kind="stable")] = np.arange(len(users))
    return np.argsort(turn[own], kind="stable")


def first(requests: Requests, order: Array, count: int) -> Requests:
    """At most about `count` requests: whole users from the beginning of `order`, one user at least, in their own
    order."""
    user = requests.user[order]
    ends = np.append(np.flatnonzero(np.diff(user)) + 1, len(user))
    cut = ends[max(int(np.searchsorted(ends, count, side="right")) - 1, 0)]
    return requests.take(np.sort(order[:cut]))


def wanted_requests(numerator: Array, denominator: Array, baseline: int, users: Array, wish: Wish) -> int:
    """How many requests tell the smallest change wished for, in every objective.

    numerator, denominator: float64 [P, M', R], a judge's parts on a pilot sample, of the objectives that have such;
    users: int [R], the clusters; wish: of these M' objectives. The paired standard error of a policy's change against
    the baseline falls with the root of the number of users (the delta method, as in `PairedErrors`), so that n of
    them give ``error x sqrt(pilot users / n)``. n is the least for which `SURE` such errors of the median policy are
    at most the smallest change: what `[pick] keep` allows to lose, or 2 % of the baseline where it names nothing.
    """
    clusters = Clusters(users)
    total = denominator.sum(axis=2, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = numerator.sum(axis=2, keepdims=True) / total
        moves = clusters.sums((numerator - value * denominator) / total)
    moves = np.delete(moves - moves[baseline], baseline, axis=0) / wish.scale[:, None]
    error = np.sqrt(np.square(moves).sum(axis=2) * clusters.count / max(clusters.count - 1, 1))
    error = np.where(np.isfinite(error), error, 0.0)
    change = np.where(np.isfinite(wish.least) & (wish.least != 0), np.abs(wish.least), SMALLEST)
    ratio = SURE * np.median(error, axis=0) / change
    return math.ceil(len(users) * float(np.square(ratio).max(initial=0.0)))


def told(requests: Requests, whole: Requests, why: str) -> dict[str, Any]:
    """What the run's record says of the sample."""
    return {
        "requests": len(requests),
        "users": len(np.unique(requests.user)),
        "of_requests": len(whole),
        "of_users": len(np.unique(whole.user)),
        "why": why,
    }
