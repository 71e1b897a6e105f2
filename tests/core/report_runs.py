"""Run folders as a run on grocery purchases leaves them: made from formulas and one seed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file

SIGNALS = {
    "encoder.repeat": (0.0, 0.0, 0.0),
    "encoder.item-knn": (-31.8, -24.1, 4.9),
    "encoder.transformer": (-12.6, -9.7, 2.2),
    "ranker.purchase": (2.4, 1.9, -1.1),
    "ranker.sales": (-15.1, 13.4, 0.4),
    "objective.diversity": (-71.0, -66.5, 19.8),
}
BASE = {"relevance": (0.3142, ""), "sales": (9.914, "a list"), "diversity": (0.7952, "")}
LABELS = {"relevance": "relevance (replay)", "sales": "sales (replay)", "diversity": "diversity"}
MORE = {"novelty": (7.31, "bits", "novelty"), "discovery": (0.0417, "", "discovery (replay)")}
GROCERIES = """Fluid milk, whole, 1 gal|Bananas|White bread, sliced|Soft drinks, 12 pack cans|Large eggs, dozen
Shredded cheese|Potato chips|Ground beef, 80 % lean|Yogurt, not multi-packs|Premium ice cream|Boneless chicken breast
Tortilla chips, "scoops"|Bell peppers, green|Hot dogs & franks|Kids' cereal|Butter, salted|Orange juice, no pulp
Salad mix, blends|Peanut butter, creamy|Paper towels, 6 rolls|Dog food, dry, 20 lb|Roses, dozen|Frozen pizza, thin
Sandwich bread, wheat|Coffee, ground, 30 oz|Bacon, thick cut|Avocados|Strawberries, 1 lb|Cat litter <clumping>
Water, 24 bottles|Lunch meat, deli turkey|Sour cream""".replace("\n", "|").split("|")


def three_objectives() -> dict[str, Any]:
    """A certified front of 24 policies over relevance, sales and diversity, and six baselines."""
    return _front({name: (*BASE[name], LABELS[name]) for name in BASE}, certified=True)


def five_objectives() -> dict[str, Any]:
    """The same with novelty and discovery."""
    return _front({name: (*BASE[name], LABELS[name]) for name in BASE} | MORE, certified=True)


def two_objectives() -> dict[str, Any]:
    """Relevance and sales alone."""
    return _front({name: (*BASE[name], LABELS[name]) for name in ("relevance", "sales")}, certified=True)


def uncertified() -> dict[str, Any]:
    """A run with too few certify requests."""
    front = _front({name: (*BASE[name], LABELS[name]) for name in BASE}, certified=False)
    front["uncertified"] = "141 certify requests are fewer than 200; add certify weeks or users."
    front["requests"] = {"select": 163, "certify": 141, "users": {"select": 61, "certify": 58}}
    return front


def _front(objectives: dict[str, tuple[float, str, str]], certified: bool) -> dict[str, Any]:
    rng = np.random.default_rng(20261124)
    shares = rng.dirichlet((1.1, 0.9, 0.55), 160)
    shares = np.vstack([np.eye(3)[:2], shares])
    changes = np.stack([_changes(*row) for row in shares])
    keep = [i for i, row in enumerate(changes) if not np.any(np.all(changes > row, axis=1))]
    chosen = [keep[i] for i in np.linspace(0, len(keep) - 1, 24).astype(int)]
    chosen = sorted(chosen, key=lambda i: -changes[i][0])
    points = [
        _entry(f"p{n + 1:02d}", _policy(shares[i]), changes[i], objectives, certified, rng)
        for n, i in enumerate(chosen)
    ]
    baselines = [
        _entry(name, {"kind": "linear", "parameters": {s: float(s == name) for s in SIGNALS}}, np.array(change),
               objectives, certified, rng, still=name == "encoder.repeat")
        for name, change in SIGNALS.items()
    ]  # fmt: skip
    return {
        "protocol": "9c1f3e7a5b20d846",
        "confidence": 0.95,
        "certified": certified,
        "uncertified": "",
        "requests": {"select": 4987, "certify": 5210, "users": {"select": 1104, "certify": 1092}},
        "objectives": [
            {"name": name, "direction": "max", "unit": unit, "label": label}
            for name, (_, unit, label) in objectives.items()
        ],
        "baseline": "encoder.repeat",
        "points": points,
        "baselines": baselines,
    }


def _changes(purchase: float, sales: float, other: float) -> np.ndarray:
    relevance = 3.1 - 21 * sales**3 - 62 * other**1.7
    return np.array([relevance, 1.9 + 13.6 * sales**0.8 - 52 * other**1.8, -1.1 + 21.5 * other**0.8 - 1.4 * sales])


def _policy(share: np.ndarray) -> dict[str, Any]:
    weights = dict(zip(("ranker.purchase", "ranker.sales", "objective.diversity"), map(float, share), strict=True))
    parameters = {s: 0.85 * weights.get(s, 0.0) + (0.15 if s == "encoder.repeat" else 0.0) for s in SIGNALS}
    return {"kind": "linear", "parameters": parameters, "bundle": "b3a9"}


def _entry(
    name: str, policy: dict[str, Any], change: np.ndarray, objectives: dict[str, tuple[float, str, str]],
    certified: bool, rng: np.random.Generator, still: bool = False,
) -> dict[str, Any]:  # fmt: skip
    five = [*change, -0.4 * change[0] + 0.5 * change[2], 2.1 * change[2] - 0.1 * change[1] ** 2 / 9]
    select, errors, certify = {}, {}, {}
    for (key, (base, _, _)), percent in zip(objectives.items(), five, strict=False):
        shrunk = 0.0 if still else percent * 0.9 + rng.normal(0, 0.25)
        error = 0.0 if still else 0.28 + 0.021 * abs(percent)
        select[key] = base * (1 + percent / 100)
        errors[key] = base * 0.011
        certify[key] = {
            "value": base * 0.985 * (1 + shrunk / 100), "change": shrunk, "error": error,
            "low": shrunk - 2.93 * error, "high": shrunk + 2.95 * error, "relative": True,
        }  # fmt: skip
    return {"id": name, "policy": policy, "select": select, "errors": errors, "certify": certify if certified else {}}


def pick_of(front: dict[str, Any]) -> dict[str, Any]:
    """The policy with the highest certified bound on sales among those that keep relevance at -2 %."""
    wish = {"maximize": "sales", "keep": {"relevance": "-2%"}, "confidence": 0.95}
    if not front["certified"]:
        first = front["points"][3]
        why = "Policy p04 has the most sales with relevance kept on the select requests; nothing is certified."
        return {
            "point": first["id"],
            "policy": first["policy"],
            "certified": False,
            "why": why,
            "wish": wish,
            "certify": {},
        }
    fit = [p for p in front["points"] if p["certify"]["relevance"]["low"] >= -2 and p["certify"]["sales"]["low"] > 0]
    best = max(fit, key=lambda p: p["certify"]["sales"]["low"])
    said = [
        f"{label} {best['certify'][name]['change']:+.1f} % (at least {best['certify'][name]['low']:+.1f} %)"
        for name, label in LABELS.items()
        if name in best["certify"]
    ]
    why = (
        f"{said[1]} while {said[0].replace(')', ') changes by', 1)}{' and ' + said[2] if said[2:] else ''}, "
        "on 5,210 requests of 1,092 users that the search never saw"
    ).replace("-", "\u2212")
    return {
        "point": best["id"],
        "policy": best["policy"],
        "certified": True,
        "why": why,
        "wish": wish,
        "certify": best["certify"],
        "way": "maximize",
        "confidence": 0.95,
        "detectable": dict.fromkeys(best["certify"], 1.4),
    }


def none_qualifies() -> dict[str, Any]:
    """A wish that no policy fulfils."""
    why = "No policy is certain to sell more and keep relevance at +4 % or better; the best kept bound is +1.9 % (p01)."
    return {"point": None, "policy": None, "certified": True, "why": why,
            "wish": {"maximize": "sales", "keep": {"relevance": "+4%"}, "confidence": 0.95}, "certify": {}}  # fmt: skip


def search_log() -> dict[str, Any]:
    """Hypervolume that rises and levels out, of NSGA-II and of random search."""
    rng = np.random.default_rng(7)
    runs = []
    for name, top, rate in (("nsga2", 0.612, 300.0), ("random", 0.575, 520.0)):
        evaluations = np.arange(60, 2401, 60)
        rise = top - (top - 0.37) * np.exp(-evaluations / rate) + rng.normal(0, 0.002, len(evaluations))
        runs.append(
            {
                "name": name,
                "evaluations": evaluations.tolist(),
                "seconds": np.round(evaluations * (0.0152 if name == "nsga2" else 0.0139), 2).tolist(),
                "hypervolume": np.round(np.maximum.accumulate(rise), 5).tolist(),
            }
        )
    return {"optimizer": "nsga2", "reference": [0.0, 0.0, 0.0], "runs": runs}


def data_report() -> dict[str, Any]:
    """Counts as Complete Journey gives them."""
    weeks = {
        "validation": ("2017-07-24", "2017-07-31", 1988, 1988, 402),
        "rank": ("2017-07-31", "2017-09-11", 12010, 2398, 2201),
        "select": ("2017-09-11", "2017-11-06", 4987, 1104, 1893),
        "certify": ("2017-11-06", "2018-01-01", 5210, 1092, 1702),
    }
    return {
        "report": {
            "origin": "complete-journey", "read": {"interactions": 1469307, "items": 92331, "users": 801},
            "repaired": {"rows equal in user, item and time merged": 3411, "item id: kept as text": 12},
            "filled": {"items.package_size": {"rows": 30594, "with": "(missing)"}},
            "not_observed": {}, "dropped": {"sales below 0": 11, "unparsable time": 3},
            "examples": {
                "sales below 0": {"row": 81202, "value": "-1.29"}, "unparsable time": {"row": 17, "value": "n/a"},
            },
            "rows": 1465882, "users": 2469, "items": 68509,
            "time": {"unit": "datetime", "first": "2017-01-01 11:53:26", "last": "2018-01-01 04:01:20"},
            "catalogue": {"items": 6686, "items_left_out": 61823, "rows_left_out": 401223},
        },
        "split": {
            "fit_rows": 612440, "fit_end": "2017-07-31 00:00:00", "horizon": "7 days", "period": "7 days",
            **{
                name: dict(zip(("from", "until", "requests", "users", "without_targets"), facts, strict=True))
                for name, facts in weeks.items()
            },
        },
        "candidates": {
            "mode": "union", "size": 200,
            "recall": {"select": {"count": 0.612, "amount": 0.583}, "certify": {"count": 0.604, "amount": 0.571}},
        },
    }  # fmt: skip


def explain(front: dict[str, Any], users: int = 5) -> dict[str, Any]:
    """What the policies change: every list of ten, five people, two categories."""
    rng = np.random.default_rng(3)
    items = {f"i{n:02d}": title for n, title in enumerate(GROCERIES)}
    ids = list(items)
    people = []
    for _ in range(users):
        order = rng.permutation(len(ids))
        people.append({"history": [ids[i] for i in order[8:16]], "before": [ids[i] for i in order[:10]]})
    points = {}
    for number, point in enumerate(front["points"]):
        after = []
        for person in people:
            rest = [item for item in ids if item not in person["before"]]
            pool = [*person["before"][: 8 - number % 3], *rest[: 2 + number % 3]]
            after.append([pool[i] for i in rng.permutation(10)])
        changed = 0.61 + number / 100
        points[point["id"]] = {
            "changed": changed, "reordered": 0.2, "entered": 2.0 + number / 10,
            "gain": [[ids[2], 120, 1480 + number], [ids[5], 40, 310]], "lose": [[ids[7], 900, 210 - number]],
            "groups": {
                "events in the history": [["0 to 138", 2600, changed - 0.1, 1.7], ["139 to 900", 2610, changed, 2.3]],
                "household_size": [["1", 1200, changed, 2.0], ["5+", 310, changed, 2.6]],
            },
            "after": after,
        }  # fmt: skip
    part = "certify" if front["certified"] else "select"
    return {"against": front["baseline"], "part": part, "lists": 5210, "length": 10, "items": items, "examples": people,
            "points": points}  # fmt: skip


def max_t(front: dict[str, Any]) -> dict[str, np.ndarray]:
    """Sorted maxima whose 95 % quantiles give the bounds of the front."""
    if not front["certified"]:
        return {}
    return {side: quantile * np.arange(1.0, 200) / 190 for side, quantile in (("low", 2.93), ("high", 2.95))}


def manifest() -> dict[str, Any]:
    """Provenance of a run on two cores."""
    built = {"distribution": "paretorec", "version": "0.1.0"}
    components = [
        ("source", "complete-journey", "complete_journey"), ("splitter", "temporal", "splitters"),
        ("encoder", "repeat", "frequency"), ("encoder", "item-knn", "item_knn"),
        ("encoder", "transformer", "transformer"),
        ("ranker", "mlp", "mlp"), ("objective", "relevance", "goals"), ("objective", "sales", "goals"),
        ("objective", "diversity", "goals"), ("evaluator", "ndcg", "metrics"), ("policy", "linear", "policies"),
        ("optimizer", "nsga2", "nsga2"),
    ]  # fmt: skip
    return {
        "schema": 1,
        "created": "2026-11-24T20:14:09Z",
        "seed": 0,
        "versions": {
            "paretorec": "0.1.0",
            "python": "3.11.2",
            "numpy": "2.4.1",
            "pandas": "3.1.0",
            "torch": "2.13.0+cpu",
        },
        "machine": {"cpu": "AMD EPYC", "cores": 2, "memory_gib": 7.8, "system": "Linux"},
        "components": [
            {"kind": kind, "instance": name, "name": name, **built, "module": f"paretorec_plugins.{module}"}
            for kind, name, module in components
        ],
        "protocol": {"targets": ["a41b", "77f0"], "split": {"use": "temporal"}, "k": 10, "rules": []},
        "fingerprints": {"protocol": "9c1f3e7a5b20d846", "run": "27d0c4b1f8e63a95"},
        "seconds": {"source": 8.1, "fit": 142.7, "rank": 61.0, "signals": 37.9, "search": 71.2, "certify": 6.4},
    }


def config() -> dict[str, Any]:
    """Part of a resolved configuration."""
    return {
        "seed": 0, "k": 10, "source": {"use": "complete-journey", "params": {}},
        "split": {"use": "temporal", "params": {"horizon": "7D", "certify_weeks": 8}},
        "encoders": [{"use": "repeat"}, {"use": "item-knn"}, {"use": "transformer", "params": {"width": 64}}],
        "objectives": [{"use": "relevance"}, {"use": "sales"}, {"use": "diversity"}],
        "candidates": {"mode": "union", "size": 200}, "rules": [],
    }  # fmt: skip


def write_run(folder: Path, front: dict[str, Any], **files: Any) -> Path:
    """A run folder; keyword arguments replace the content of a file, None leaves it out."""
    content = {
        "front": front, "search": search_log(), "data": data_report(), "pick": pick_of(front),
        "explain": explain(front), "config": config(), "manifest": manifest(), **files,
    }  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    for name, found in content.items():
        if found is not None:
            (folder / f"{name}.json").write_text(json.dumps(found), encoding="utf-8")
    save_file(max_t(front), str(folder / "front.safetensors"))
    return folder
