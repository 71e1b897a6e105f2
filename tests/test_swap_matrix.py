"""Any built-in for any other: the simulated shop runs with each, and only `use` changes.

``PARETOREC_WRITE_DOCS=1`` runs every pair of an encoder and an optimizer and writes the table into
docs/results/swap-matrix.md. Else each encoder runs with `FIRST` and two others and each optimizer with one encoder and
another: what a component has to do with its partner is an array of scores, so that 13 times 16 pairs find no more than
these. The names in the table are compared.
"""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from simulated_shop import SHOP, TRANSFORMER

from paretorec import Engine
from paretorec.artifact import partial, read_json
from paretorec.contracts import ComponentRef
from paretorec.registry import Registry
from paretorec_plugins.simulated_store.source import MAPPING

WRITES = os.environ.get("PARETOREC_WRITE_DOCS") == "1"
PAGE = Path(__file__).resolve().parent.parent / "docs" / "results" / "swap-matrix.md"
REGISTRY = Registry(files=())
BUILTIN = {
    kind: sorted(entry.name for entry in REGISTRY.available() if entry.kind == kind and entry.builtin)
    for kind in ("splitter", "encoder", "index", "evaluator", "objective", "policy", "rule", "optimizer")
}
SMALL = {
    **SHOP,
    "source": {"use": "simulated-store", "params": {"users": 150, "weeks": 12, "items": 80}},
    "optimizer": {"use": "nsga2"},
    "search": {"evaluations": 200, "points": 8},
    "certify": {"resamples": 200},
    "pick": {},
}
FIRST = ("item-knn", "nsga2")
"""Every encoder runs with this optimizer, every optimizer with this encoder."""
TINY = {"width": 32, "length": 20, "epochs": 1}
RULES = {
    "allow": {"column": "category", "values": ["coffee", "care", "shoes", "pasta", "fruit"]},
    "available": {"column": "price"},
    "block": {"items": ["i0001"]},
    "cap": {"column": "category", "most": 2},
    "cool-down": {"days": 7},
}
AMOUNTS = {"revenue": {"event": "sales"}, "completion": {"event": "dwell", "duration": "duration"}}
"""What metrics of an amount must know where the data has several."""


def ran(folder: Path) -> dict[tuple[str, str], tuple[str, str]]:
    """(kind, instance) -> (component, class), by the manifest."""
    components = read_json(folder / "manifest.json")["components"]
    return {(entry["kind"], entry["instance"]): (entry["name"], entry["class"]) for entry in components}


@pytest.fixture(scope="module")
def tables():
    return REGISTRY.build("source", ComponentRef(**SMALL["source"]), "source").component.load()


@pytest.fixture(scope="module")
def scores(tables, tmp_path_factory) -> Path:
    """A table of somebody else's scores: each user likes some items, whatever they did."""
    users, items = tables.users["user_id"], tables.items["item_id"]
    path = tmp_path_factory.mktemp("scores") / "scores.csv"
    table = pd.DataFrame({"user_id": np.repeat(users, len(items)), "item_id": np.tile(items, len(users))})
    table.assign(score=np.random.default_rng(0).random(len(table)).round(4)).to_csv(path, index=False)
    return path


def pairs() -> list[tuple[str, str]]:
    """(encoder, optimizer): all, or those of `FIRST` and two diagonals; by encoder, `FIRST`'s optimizer first."""
    optimizers = sorted(BUILTIN["optimizer"], key=lambda name: name != FIRST[1])
    found = []
    for row, encoder in enumerate(BUILTIN["encoder"]):
        near = {optimizers[(row + step) % len(optimizers)] for step in (0, len(optimizers) // 2)}
        wanted = optimizers if WRITES or encoder == FIRST[0] else [o for o in optimizers if o == FIRST[1] or o in near]
        found += [(encoder, optimizer) for optimizer in wanted]
    return found


@pytest.fixture(scope="module")
def matrix(scores, tmp_path_factory) -> dict[tuple[str, str], Path]:
    """(encoder, optimizer) -> folder of the run. Each encoder is fitted once."""
    root = tmp_path_factory.mktemp("matrix")
    params = {"given": {"scores": str(scores)}, "transformer": TRANSFORMER["params"], "gru": TINY, "cnn": TINY}
    folders: dict[tuple[str, str], Path] = {}
    for encoder, optimizer in pairs():
        out, states = root / f"{encoder}-{optimizer}", root / f"{encoder}-{FIRST[1]}" / "states"
        config = {
            **SMALL,
            "encoders": [{"use": encoder, "params": params.get(encoder, {})}],
            "optimizer": {"use": optimizer},
        }
        fitted = optimizer != FIRST[1]
        if fitted:
            shutil.copytree(states, partial(out) / "states")
        Engine(config).run(out=out, resume=fitted)
        folders[encoder, optimizer] = out
    return folders


def test_encoders_run_with_optimizers_and_each_is_what_the_configuration_names(matrix):
    assert {encoder for encoder, _ in matrix} == set(BUILTIN["encoder"])
    assert {optimizer for _, optimizer in matrix} == set(BUILTIN["optimizer"])
    for (encoder, optimizer), folder in matrix.items():
        names = ran(folder)
        assert names["encoder", encoder] == (encoder, f"{class_name(encoder)}Encoder")
        assert names["optimizer", "optimizer"][0] == optimizer
        front = read_json(folder / "front.json")
        assert len(front["points"]) >= 2
        search = read_json(folder / "search.json")
        assert search["chosen"].startswith("auto chose") if optimizer == "auto" else search["optimizer"] == optimizer
        fitted = [stage for stage in read_json(folder / "manifest.json")["seconds"] if stage.startswith("fit ")]
        assert len(fitted) == (optimizer == FIRST[1])
    classes = {ran(folder)["optimizer", "optimizer"] for folder in matrix.values()}
    assert len({name for _, name in classes}) == len(BUILTIN["optimizer"])


def class_name(component: str) -> str:
    return "".join(word.capitalize() for word in component.split("-"))


def test_lists_differ_between_encoders_and_policies_between_optimizers(matrix):
    lists, found = {}, {}
    for encoder in BUILTIN["encoder"]:
        folder = matrix[encoder, FIRST[1]]
        engine = Engine.load(folder)
        shop = engine.serve(engine.front.point(f"encoder.{encoder}"))
        rows = shop.recommend([str(name) for name in engine.fitted.data.user_ids[:60]])
        lists[encoder] = tuple(rows["item_id"])
    assert len(set(lists.values())) == len(lists)
    for optimizer in set(BUILTIN["optimizer"]) - {"auto"}:  # which runs one of the others
        points = read_json(matrix[FIRST[0], optimizer] / "front.json")["points"]
        found[optimizer] = tuple(tuple(point["policy"]["parameters"].values()) for point in points)
    assert len(set(found.values())) == len(found)


@pytest.fixture(scope="module")
def others(tables, tmp_path_factory) -> dict[str, dict[str, str]]:
    """kind -> component -> class that ran, of every objective, evaluator, policy, rule and splitter."""
    root = tmp_path_factory.mktemp("others")
    used: dict[str, dict[str, str]] = {}

    def run(**changes: object) -> Path:
        out = root / f"run-{len(list(root.iterdir()))}"
        config = {key: value for key, value in SMALL.items() if key != "source"} | {"data": MAPPING} | changes
        log = tables.interactions
        part = np.select(
            [log["time"] < "2024-02-26", log["time"] < "2024-03-04", log["time"] < "2024-03-11"],
            ["train", "rank", "select"],
            "test",
        )
        Engine(config).run(log.assign(part=part), tables.items, tables.users, out=out)
        for (kind, _), (name, component) in ran(out).items():
            used.setdefault(kind, {})[name] = component
        return out

    run(objectives=[{"use": name} for name in BUILTIN["objective"]])
    judged = []
    for name in BUILTIN["evaluator"]:
        evaluator = {"use": name, "params": AMOUNTS.get(name, {})}
        judged.append({"use": "relevance", "name": f"by-{name}", "params": {"evaluator": evaluator}})
    for start in range(0, len(judged), 6):
        run(objectives=judged[start : start + 6])
    for policy in BUILTIN["policy"]:
        run(policy={"use": policy})
    for index in BUILTIN["index"]:
        run(encoders=[{"use": "attributes"}], candidates={"size": 40, "index": {"use": index}})
    run(rules=[{"use": name, "params": RULES[name]} for name in BUILTIN["rule"]])
    for splitter in BUILTIN["splitter"]:
        run(split={"use": splitter}, data={**MAPPING, "split": "part", "request": ""})
    return used


@pytest.mark.parametrize("kind", ["index", "objective", "evaluator", "policy", "rule", "splitter"])
def test_every_other_built_in_runs(others, kind):
    assert sorted(others[kind]) == BUILTIN[kind]
    assert len(set(others[kind].values())) == len(BUILTIN[kind])


def page(matrix: dict[tuple[str, str], Path], others: dict[str, dict[str, str]]) -> str:
    """The results as Markdown."""
    optimizers = BUILTIN["optimizer"]
    head = ["| encoder | class | " + " | ".join(f"`{name}`" for name in optimizers) + " |"]
    head.append("|---|---|" + "---:|" * len(optimizers))
    rows = []
    for encoder in BUILTIN["encoder"]:
        folders = [matrix.get((encoder, optimizer)) for optimizer in optimizers]
        cells = ["" if folder is None else volume(folder) for folder in folders]
        name = ran(matrix[encoder, FIRST[1]])["encoder", encoder][1]
        rows.append(f"| `{encoder}` | {name} | " + " | ".join(cells) + " |")
    classes = {name: ran(matrix[FIRST[0], name])["optimizer", "optimizer"][1] for name in optimizers}
    ran_too = [f"| optimizer | `{name}` | {component} |" for name, component in classes.items()]
    for kind in ("index", "objective", "evaluator", "policy", "rule", "splitter"):
        ran_too += [f"| {kind} | `{name}` | {others[kind][name]} |" for name in BUILTIN[kind]]
    return "\n".join(
        [
            "# Swapping components",
            "",
            "Written by `PARETOREC_WRITE_DOCS=1 pytest tests/test_swap_matrix.py`, which runs a small simulated store",
            "(150 customers, 80 items, 12 weeks; 200 policies judged) with every built-in encoder and every built-in",
            "optimizer. Only `use` changes (`given` also names its table, here of random scores; `transformer`, `gru`",
            "and `cnn` are kept tiny). Each encoder is fitted once. A cell shows points of the front, and the",
            "hypervolume relative to random search with the same budget; `cma-es`, `de`, `ga` and `pso` maximise one",
            "wish and are not after hypervolume. Classes are those that the runs' manifests name.",
            "",
            *head,
            *rows,
            "",
            "Every other built-in of these kinds runs in the same test:",
            "",
            "| kind | component | class |",
            "|---|---|---|",
            *ran_too,
            "",
        ]
    )


def volume(folder: Path) -> str:
    """Points of the front, and the hypervolume relative to random search's."""
    runs = {run["name"]: run["hypervolume"][-1] for run in read_json(folder / "search.json")["runs"]}
    optimizer = read_json(folder / "search.json")["optimizer"]
    points = len(read_json(folder / "front.json")["points"])
    return f"{points} points, {runs[optimizer] / runs['random']:.2f}" if runs["random"] else f"{points} points"


def test_the_page_names_what_runs(matrix, others):
    text = page(matrix, others)
    if WRITES:
        PAGE.parent.mkdir(parents=True, exist_ok=True)
        PAGE.write_text(text, encoding="utf-8")

    def names(markdown: str) -> list[str]:
        return [re.sub(r"\d+ points(, [\d.]+)?", "", line) for line in markdown.splitlines()]

    assert names(PAGE.read_text(encoding="utf-8")) == names(text)
