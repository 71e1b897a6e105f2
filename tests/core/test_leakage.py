"""Nothing learns from what came later: planted labels, shuffled labels, and the order in which tensors are built."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from simulated_shop import DEEP, searched

from paretorec import Engine, judging
from paretorec.artifact import read_json
from paretorec.bundle import Bundle, Examples
from paretorec.components import Components
from paretorec.config import RunConfig
from paretorec.contracts.component import ComponentRef
from paretorec.contracts.run import RunContext
from paretorec.data.tables import resolve_data
from paretorec.fitting import fit_bundle
from paretorec.prepare import prepare
from paretorec.registry import Registry
from paretorec_plugins.simulated_store.source import MAPPING

CUTS = {"train_end": "2024-03-25", "rank_end": "2024-04-15", "select_end": "2024-05-06"}
SPLIT = {"use": "temporal", "params": {**CUTS, "requests": "periods", "horizon": "7d"}}
CONFIG = {key: value for key, value in DEEP.items() if key != "source"} | {"split": SPLIT, "data": MAPPING}


@pytest.fixture(scope="module")
def tables():
    registry = Registry()
    return registry.build("source", ComponentRef(**DEEP["source"]), "source").component.load()


@pytest.fixture(scope="module")
def run(tables, tmp_path_factory):
    """Runs with labels planted after a date; "": none planted. Each is done once."""
    done = {}

    def once(after: str):
        if after not in done:
            done[after] = tmp_path_factory.mktemp("planted") / "run"
            interactions = planted(tables.interactions, after) if after else tables.interactions
            Engine(CONFIG).run(interactions, tables.items, tables.users, out=done[after])
        return done[after]

    return once


def planted(log: pd.DataFrame, after: str) -> pd.DataFrame:
    """From `after` on every label and price is another one, and everybody buys two items of all."""
    rng = np.random.default_rng(5)
    late = (log["time"] >= pd.Timestamp(after)).to_numpy()
    changed = log.copy()
    for label in ("click", "purchase"):
        changed.loc[late, label] = 1 - log.loc[late, label]
    for label, most in (("sales", 500.0), ("dwell", 900.0), ("rating", 5.0), ("price", 99.0)):
        changed.loc[late, label] = rng.uniform(1.0, most, late.sum()).astype(log[label].dtype)
    bought = changed[late].drop_duplicates("request")
    known = log.loc[~late, "item_id"].unique()[:2]
    extra = [bought.assign(item_id=item, click=1, purchase=1, sales=77.0) for item in known]
    return pd.concat([changed, *extra], ignore_index=True).sort_values("time", kind="stable", ignore_index=True)


def states(folder, prefix):
    """File name -> bytes of every fitted state whose name begins so."""
    return {path.name: path.read_bytes() for path in (folder / "states").glob(f"{prefix}*")}


def frozen(folder):
    """Parameters of every policy as they stood before certification."""
    return [policy["parameters"] for policy in read_json(folder / "frozen.json")]


def test_labels_after_t0_change_no_encoder(run):
    plain, changed = run(""), run(CUTS["train_end"])
    encoders = states(plain, "encoder-")
    assert len(encoders) == 8
    assert states(changed, "encoder-") == encoders
    assert states(changed, "ranker") != states(plain, "ranker")


def test_labels_before_t0_do_change_encoders(run):
    plain, changed = run(""), run("2024-03-01")
    differing = {
        name for name, content in states(plain, "encoder-").items() if states(changed, "encoder-")[name] != content
    }
    # `repeat` remembers nothing: it reads the history that it is given.
    assert {f"encoder-{name}.safetensors" for name in ("popularity", "item-knn", "transformer")} <= differing


def test_labels_after_t1_change_no_ranker(run):
    plain, changed = run(""), run(CUTS["rank_end"])
    assert states(changed, "") == states(plain, "")
    assert frozen(changed) != frozen(plain)


def test_labels_after_t2_change_no_front(run):
    plain, changed = run(""), run(CUTS["select_end"])
    assert states(changed, "") == states(plain, "")
    before, after = searched(plain), searched(changed)
    assert before.keys() == after.keys()
    assert all(before[name].tobytes() == after[name].tobytes() for name in before)
    assert frozen(changed) == frozen(plain)
    fronts = [read_json(folder / "front.json") for folder in (plain, changed)]
    select, certify = (
        [[point[part] for point in front["points"]] for front in fronts] for part in ("select", "certify")
    )
    assert select[0] == select[1]
    assert certify[0] != certify[1]


def test_no_certify_tensor_before_the_front_is_frozen(tables, tmp_path, monkeypatch):
    t2 = int(pd.Timestamp(CUTS["select_end"]).timestamp() * 1000)
    folder, signals, truth = tmp_path / "run.partial", Bundle.signals, judging.make_truth
    seen = []

    def see(times):
        seen.append(bool((times >= t2).any()))
        if seen[-1]:
            assert (folder / "frozen.json").is_file()

    def spied_signals(bundle, histories, *arguments):
        see(histories.now)
        return signals(bundle, histories, *arguments)

    def spied_truth(data, requests, *arguments):
        see(requests.time)
        return truth(data, requests, *arguments)

    monkeypatch.setattr(Bundle, "signals", spied_signals)
    monkeypatch.setattr(judging, "make_truth", spied_truth)
    front = Engine(CONFIG).run(tables.interactions, tables.items, tables.users, out=tmp_path / "run")
    assert seen == [False, False, True, True]  # signals and truth of select, then those of certify, once
    policies = [dict(point.policy) for point in (*front.points, *front.baselines)]
    assert read_json(tmp_path / "run" / "frozen.json") == policies


def clicks(examples):
    """(mask, labels, views) of every block."""
    return [(block.view.mask, block.labels["click"], block.view) for block in examples.blocks()]


class Shuffled:
    """The rank part with every label given to another candidate of some request of its block."""

    def __init__(self, examples: Examples) -> None:
        self.examples, self.events = examples, examples.events

    def __len__(self) -> int:
        return len(self.examples)

    def blocks(self):
        rng = np.random.default_rng(9)
        for block in self.examples.blocks():
            mask = block.view.mask
            order = rng.permutation(int(mask.sum()))
            labels = {}
            for event, values in block.labels.items():
                labels[event] = values.copy()
                labels[event][mask] = values[mask][order]
            yield replace(block, labels=labels)


def gain_over_base_rate(ranker, examples) -> tuple[float, float]:
    """(mean log-loss of the constant minus the ranker's, its standard error with requests as clusters)."""
    parts = clicks(examples)
    rate = sum(labels[mask].sum() for mask, labels, _ in parts) / sum(mask.sum() for mask, _, _ in parts)
    gains, counts = [], []
    for mask, labels, view in parts:
        chance = np.clip(ranker.predict(view)["click"].astype(np.float64), 1e-7, 1 - 1e-7)
        hit = labels > 0
        gain = np.where(hit, np.log(chance) - np.log(rate), np.log(1 - chance) - np.log(1 - rate))
        gains.append(np.where(mask, gain, 0).sum(axis=1))
        counts.append(mask.sum(axis=1))
    gain, count = np.concatenate(gains), np.concatenate(counts)
    mean = gain.sum() / count.sum()
    error = np.sqrt(np.sum((gain - mean * count) ** 2)) / count.sum()
    return float(mean), float(error)


def test_a_ranker_on_shuffled_labels_is_no_better_than_the_base_rate(tables):
    config = RunConfig.model_validate(CONFIG | {"encoders": DEEP["encoders"][:3]})
    config = config.model_copy(update={"data": resolve_data(tables, config.data)})
    prepared = prepare(tables, config, Components.build(config, Registry()))
    select = prepared.split.select

    gains = {}
    for name, wrap in {"honest": lambda examples: examples, "shuffled": Shuffled}.items():
        components = Components.build(config, Registry())
        ranker = components.ranker.component
        fit = ranker.fit
        ranker.fit = lambda examples, run, fit=fit, wrap=wrap: fit(wrap(examples), run)
        bundle = fit_bundle(components, prepared, config.candidates, RunContext(seed=3), None, lambda _, work: work())
        held_out = np.zeros(len(select), bool)
        examples = Examples(bundle, prepared.history, select, held_out, prepared.data.events)
        gains[name] = gain_over_base_rate(bundle.ranker, examples)
    mean, error = gains["honest"]
    assert mean > 3 * error
    mean, error = gains["shuffled"]
    assert mean <= 3 * error
