"""Do off-policy intervals hold, and are logs refused that cannot answer? Simulated logs whose truth is known.

    python tests/benchmarks/off_policy.py [--quick] [--json]

Customers of the simulated store are shown lists by one Plackett-Luce policy; the value of another one, and the
difference of the two, is estimated from the log and compared with the truth over fresh customers. `accepted_coverage`:
of the logs that no gate refuses, the share whose 95 % interval of the difference holds the truth. `false_refusals`: the
share of good logs that are refused. `violations_refused`: of logs with something wrong in them, the share that is
refused, by whichever gate; `violations` tells them apart:

- `deterministic`: the logging policy always shows its likeliest items; propensities are 1, or, in every other log,
  those of the random policy that did not run,
- `missing_support`: it never shows some of the items that the target policy shows (propensities are right),
- `wrong_propensities`: off by the policy's temperature, by a factor, or of other rows, in turn,
- `few_positives`: 20 rewards are left.

`cascade` takes logs as if rewards depended on the items above too, for a target policy that is near: weights multiply.
`weak_overlap` are right logs of a target policy that is far from the logging one: they may be refused or answered, and
answers must hold. `peers` are other ways to the same number on the good logs: importance sampling that ignores that
users come more than once, and the difference as if the two policies had been measured apart.

Where the package `obp` is installed, its sample of the Open Bandit data (random and Thompson-sampling logs of the same
days) is estimated too: the value of the second policy from the log of the first, beside what the second one measured.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pandas as pd

from paretorec.offpolicy import Estimate, estimate
from paretorec.record import machine, versions
from paretorec_plugins.simulated_store.bandit import RandomPolicy, log_visits, possible_actions
from paretorec_plugins.simulated_store.config import StoreConfig
from paretorec_plugins.simulated_store.shoppers import Shoppers
from paretorec_plugins.simulated_store.store import Store

DEPTH = 4
ITEMS = 60
PROFILES = 120
FULL = {"logs": 200, "users": 1200, "fresh": 200_000}
QUICK = {"logs": 30, "users": 1200, "fresh": 50_000}
ACTIONS_LOGS = 20
"""Logs that are also estimated with a table of actions, which has a million rows each."""


class World:
    """One store, one logging policy, target policies near and far, and their true values."""

    def __init__(self, fresh: int) -> None:
        self.store = Store(StoreConfig(items=ITEMS, shown=DEPTH, seed=11))
        self.profiles = self.store.draw_users(PROFILES, seed=1, prefix="p")
        house = self.store.house_scores(self.profiles)
        liked = self.profiles.taste @ self.store.items.taste.T
        self.logging = self.policy(0.6 * house)
        self.target = self.policy(0.4 * house + 1.2 * liked + 0.3 * self.store.items.quality)
        self.far = self.policy(2.5 * liked - 0.1 * house)
        self.near = self.policy(0.5 * house + 0.3 * liked)
        self.hot = self.policy(0.35 * house)
        # A seventh of the items are never shown, but the target policy shows them as often as others.
        hidden = np.arange(ITEMS) % 7 == 0
        self.narrow = self.policy(np.where(hidden, -np.inf, 0.6 * house))
        self.fresh = self.store.draw_users(fresh, seed=2, prefix="f")
        # Visits are what counts: customers weigh as often as they come.
        rng = np.random.default_rng(3)
        who = self.fresh.take(np.repeat(np.arange(fresh), 1 + rng.poisson(self.fresh.activity)))
        self.truth = {
            event: {name: policy.true_value(self.store, who, event) for name, policy in self.policies().items()}
            for event in ("click", "sales")
        }

    def policies(self) -> dict[str, RandomPolicy]:
        """Those whose value is of interest."""
        return {"logging": self.logging, "target": self.target, "far": self.far, "near": self.near}

    def policy(self, scores: np.ndarray) -> RandomPolicy:
        return RandomPolicy(self.profiles, scores, DEPTH)

    def users(self, count: int, seed: int) -> Shoppers:
        return self.store.draw_users(count, seed=1000 + seed, prefix="u")

    def log(self, count: int, seed: int, logging: RandomPolicy, target: RandomPolicy, certain: bool = False) -> Any:
        return log_visits(self.store, self.users(count, seed), logging, target, seed, certain=certain)

    def change(self, event: str, target: str = "target") -> float:
        return self.truth[event][target] - self.truth[event]["logging"]


def violations(world: World, count: int) -> Mapping[str, Callable[[int], pd.DataFrame]]:
    """name -> log with something wrong in it, by seed."""

    def deterministic(seed: int) -> pd.DataFrame:
        log = world.log(count, seed, world.logging, world.target, certain=True)
        return log.assign(propensity=1.0) if seed % 2 else log

    def missing_support(seed: int) -> pd.DataFrame:
        return world.log(count, seed, world.narrow, world.target)

    def wrong_propensities(seed: int) -> pd.DataFrame:
        log = world.log(count, seed, world.logging, world.target)
        rng = np.random.default_rng(seed)
        users = world.users(count, seed)
        if seed % 3 == 0:
            place = pd.Index(users.ids).get_indexer(pd.Index(log["user_id"].to_numpy()[::DEPTH]))
            items = log["item_id"].str[1:].astype(int).to_numpy().reshape(-1, DEPTH)
            return log.assign(propensity=world.hot.at_position(users.take(place), items).ravel())
        if seed % 3 == 1:
            return log.assign(propensity=np.minimum(1.3 * log["propensity"], 1.0))
        return log.assign(propensity=rng.permutation(log["propensity"].to_numpy()))

    def few_positives(seed: int) -> pd.DataFrame:
        log = world.log(count, seed, world.logging, world.target)
        hits = np.flatnonzero(log["click"])
        kept = np.random.default_rng(seed).choice(hits, 20, replace=False)
        return log.assign(click=np.isin(np.arange(len(log)), kept).astype(int))

    return {
        "deterministic": deterministic,
        "missing_support": missing_support,
        "wrong_propensities": wrong_propensities,
        "few_positives": few_positives,
    }


def judged(log: pd.DataFrame, event: str = "click", **more: Any) -> Estimate:
    return estimate(log, columns={"reward": event}, features=["segment"], **more)


def covers(found: Estimate, truth: float, estimator: str = "dr") -> bool:
    change = found.changes[estimator]
    return change.low <= truth <= change.high


def summary(rows: list[tuple[Estimate, float]]) -> dict[str, Any]:
    """Good logs: how many are answered, and how well."""
    accepted = [(found, truth) for found, truth in rows if found.estimable]
    out: dict[str, Any] = {"logs": len(rows), "accepted": len(accepted), "estimators": {}}
    out["refused_by"] = refused_by([found for found, _ in rows])
    for name in ("dr", "snips"):
        held = [covers(found, truth, name) for found, truth in accepted]
        errors = [found.changes[name].value - truth for found, truth in accepted]
        widths = [found.changes[name].high - found.changes[name].low for found, _ in accepted]
        out["estimators"][name] = {
            "coverage": share(held),
            "bias": round(float(np.mean(errors)), 5) if errors else None,
            "rmse": round(float(np.sqrt(np.mean(np.square(errors)))), 5) if errors else None,
            "mean_width": round(float(np.mean(widths)), 5) if widths else None,
        }
    return out


def share(held: list[bool]) -> float | None:
    return round(float(np.mean(held)), 4) if held else None


def refused_by(found: list[Estimate]) -> dict[str, int]:
    """Gate -> logs that it is the first to refuse."""
    out: dict[str, int] = {}
    for one in found:
        first = next((gate.name for gate in one.gates if not gate.passed), None)
        if first:
            out[first] = out.get(first, 0) + 1
    return out


def peers(world: World, logs: list[pd.DataFrame]) -> dict[str, Any]:
    """Coverage and width of the difference by what people often do."""
    alone, apart = [], []
    truth = world.change("click")
    for log in logs:
        # Every request a user of its own.
        by_request = judged(log.assign(user_id=log["request"]))
        alone.append((covers(by_request, truth), by_request.change.high - by_request.change.low))
        found = judged(log)
        error = float(np.hypot(found.value.error, found.logging.error)) * 1.96
        apart.append((abs(found.change.value - truth) <= error, 2 * error))
    return {
        name: {
            "coverage": share([bool(held) for held, _ in rows]),
            "mean_width": round(float(np.mean([w for _, w in rows])), 5),
        }
        for name, rows in (("requests as if of different users", alone), ("policies as if measured apart", apart))
    }


def measure(quick: bool) -> dict[str, Any]:
    sizes = QUICK if quick else FULL
    start = time.perf_counter()
    world = World(sizes["fresh"])
    logs = [world.log(sizes["users"], seed, world.logging, world.target) for seed in range(sizes["logs"])]
    good = {event: summary([(judged(log, event), world.change(event)) for log in logs]) for event in ("click", "sales")}
    cascade = summary(
        [
            (
                estimate(
                    world.log(sizes["users"], seed, world.logging, world.near),
                    columns={"reward": "click", "propensity": "propensity_above", "target": "target_above"},
                    lists="cascade",
                ),
                world.change("click", "near"),
            )
            for seed in range(sizes["logs"])
        ]
    )
    with_actions = []
    for seed, log in enumerate(logs[: ACTIONS_LOGS if not quick else 2]):
        users = world.users(sizes["users"], seed)
        actions = possible_actions(log, world.store, users, world.logging, world.target)
        with_actions.append((judged(log, actions=actions), world.change("click")))
    weak = [
        (judged(world.log(sizes["users"], 5000 + seed, world.logging, world.far)), world.change("click", "far"))
        for seed in range(sizes["logs"])
    ]
    planted = {}
    for name, make in violations(world, sizes["users"]).items():
        found = [judged(make(seed)) for seed in range(sizes["logs"])]
        planted[name] = {
            "logs": len(found),
            "refused": sum(not one.estimable for one in found),
            "refused_by": refused_by(found),
        }
    accepted = [
        covers(found, truth)
        for found, truth in (
            *((judged(log), world.change("click")) for log in logs),
            *weak,
        )
        if found.estimable
    ]
    refused, planned = (sum(one[key] for one in planted.values()) for key in ("refused", "logs"))
    return {
        "benchmark": "off_policy",
        "machine": machine(),
        "versions": versions(),
        "quick": quick,
        "seeds": [11, 0],
        "sizes": {
            **sizes,
            "requests": int(np.mean([log["request"].nunique() for log in logs])),
            "positions": DEPTH,
            "items": ITEMS,
        },
        "truth": world.truth,
        "accepted_coverage": share(accepted),
        "violations_refused": round(refused / planned, 4),
        "false_refusals": round(1 - good["click"]["accepted"] / good["click"]["logs"], 4),
        "good": good,
        "cascade": cascade,
        "with_actions": summary(with_actions),
        "weak_overlap": summary(weak),
        "violations": planted,
        "peers": peers(world, logs),
        "open_bandit": open_bandit(),
        "seconds": round(time.perf_counter() - start, 1),
    }


def open_bandit() -> dict[str, Any]:
    """The value of Thompson sampling from the log of the random policy, on the sample that `obp` brings."""
    spec = find_spec("obp")
    if spec is None or not spec.submodule_search_locations:
        return {"skipped": "obp is not installed: pip install --no-deps obp"}
    folder = Path(next(iter(spec.submodule_search_locations))) / "dataset" / "obd"
    out: dict[str, Any] = {}
    for campaign in ("all", "men", "women"):
        random, bts = (
            pd.read_csv(folder / name / campaign / f"{campaign}.csv", index_col=0) for name in ("random", "bts")
        )
        # What Thompson sampling showed how often, by item and position: its log tells its probabilities.
        often = bts.groupby(["item_id", "position"])["propensity_score"].mean()
        target = often.reindex(pd.MultiIndex.from_frame(random[["item_id", "position"]])).fillna(0.0).to_numpy()
        scale = often.groupby("position").sum()
        log = pd.DataFrame(
            {
                "user_id": np.arange(len(random)),
                "reward": random["click"].to_numpy(),
                "propensity": random["propensity_score"].to_numpy(),
                "target": target / scale.reindex(random["position"]).to_numpy(),
            }
        )
        found = estimate(log)
        out[campaign] = {
            "rows": len(random),
            "clicks": int(random["click"].sum()),
            "estimable": found.estimable,
            "why": found.why,
            "change": found.change.to_json(),
            "measured": {
                "random": float(random["click"].mean()),
                "bts": float(bts["click"].mean()),
                "bts_rows": len(bts),
            },
        }
    return out


def table(figures: dict[str, Any]) -> str:
    """For people."""
    lines = [
        f"{figures['sizes']['logs']} logs of {figures['sizes']['requests']:,} requests; "
        f"accepted intervals that hold the truth: {figures['accepted_coverage']:.1%}; "
        f"violations refused: {figures['violations_refused']:.1%}; good logs refused: {figures['false_refusals']:.1%}"
    ]
    lines += [
        f"  {name}: {one['refused']} of {one['logs']} refused {one['refused_by']}"
        for name, one in figures["violations"].items()
    ]
    for name in ("click", "sales"):
        lines.append(f"  {name}: {figures['good'][name]}")
    for name in ("cascade", "with_actions", "weak_overlap", "peers", "open_bandit"):
        lines.append(f"  {name}: {figures[name]}")
    return "\n".join([*lines, f"{figures['seconds']} s"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--quick", action="store_true", help="30 logs instead of 200")
    arguments = parser.parse_args()
    figures = measure(arguments.quick)
    print(json.dumps(figures, indent=2) if arguments.json else table(figures))


if __name__ == "__main__":
    main()
