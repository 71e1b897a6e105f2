"""Fits a bundle, component by component, each kept as soon as it is fitted; and brings a saved one back."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np

from paretorec import processes
from paretorec.artifact import digest, read_state, write_state
from paretorec.bundle import Bundle, Examples, FittedEncoder
from paretorec.components import Components
from paretorec.config import CandidatesConfig
from paretorec.contracts.items import ItemTable
from paretorec.contracts.observer import FitFinished
from paretorec.contracts.run import RunContext, State
from paretorec.data.hashing import hash_ids
from paretorec.errors import DataError
from paretorec.prepare import Prepared, hash_arrays
from paretorec.warmstart import WarmStart

TIE_SEED = 20_240_229
"""Ties are broken the same way in every run, so that runs can be compared."""


def fit_bundle(
    components: Components,
    prepared: Prepared,
    candidates: CandidatesConfig,
    run: RunContext,
    keep: Path | None,
    timed: Callable[[str, Callable[[], Any]], Any],
    files: Mapping[str, str] | None = None,
    start: WarmStart | None = None,
) -> Bundle:
    """Fit encoders with their indexes, then the ranker on top of them. With `keep`, states found there are used
    instead of fitting.

    start: a run that encoders go on from, those that can.
    files: ``encoder-NAME``, ``index-NAME`` or ``ranker`` -> the name that its state has in `keep`, where several
    configurations of one component share that folder.
    """
    files = files or {}
    data = prepared.data
    fit_data = prepared.fit_data()
    takers = () if start is None else start.takers(components)
    encoders = {}
    for name, built in components.encoders.items():
        component = built.component
        fit: Callable[[], None] = partial(component.fit, fit_data, run)
        if start is not None and name in takers:
            fit = start.before(name, component, fit)
        restore = partial(component.restore, items=data.items)
        file = f"encoder-{name}"
        learn(component, files.get(file, file), keep, fit, restore, timed, partial(_told, run, "encoder", name))
        encoders[name] = fitted(component, built.resolved.spec.capabilities, data.items)
        if name in components.indexes:
            index, vectors = components.indexes[name].component, encoders[name].item_vectors
            build, restore = partial(index.build, vectors, run), partial(index.restore, vectors=vectors)
            file = f"index-{name}"
            learn(index, files.get(file, file), keep, build, restore, timed, partial(_told, run, "index", name))
            encoders[name] = replace(encoders[name], index=index)
    bundle = unranked(components, encoders, data.items, candidates)
    if components.ranker is None:
        return bundle
    ranker = components.ranker.component
    held_out = prepared.held_out(run.seed)
    if not len(prepared.split.rank):
        raise DataError("the split leaves no requests for the ranker; widen its rank part or leave out [ranker]")
    examples = Examples(bundle, prepared.history, prepared.split.rank, held_out, data.events, run.threads)
    tell = partial(_told, run, "ranker", "ranker")
    learn(ranker, files.get("ranker", "ranker"), keep, lambda: ranker.fit(examples, run), ranker.restore, timed, tell)
    return replace(bundle, ranker=ranker)


def learn(
    component: Any,
    name: str,
    keep: Path | None,
    fit: Callable[[], None],
    restore: Callable[[State], None],
    timed: Callable[[str, Callable[[], Any]], Any],
    tell: Callable[[float, bool], None],
) -> None:
    """Fit and keep the state, or restore the state that was kept; then `tell` in how many seconds, and which."""
    began = time.perf_counter()
    if keep is not None and (keep / f"{name}.json").is_file():
        restore(read_state(keep, name))
        return tell(time.perf_counter() - began, True)
    timed(f"fit {name}", fit)
    if keep is not None and processes.first():
        write_state(keep, name, component.state())
    return tell(time.perf_counter() - began, False)


def _told(
    run: RunContext, kind: Literal["encoder", "index", "ranker"], instance: str, seconds: float, restored: bool
) -> None:
    run.emit(FitFinished(kind=kind, instance=instance, seconds=seconds, restored=restored))


def fitted(component: Any, capabilities: frozenset[str], items: ItemTable) -> FittedEncoder:
    """A fitted component with its item vectors computed once."""
    if "vectors" not in capabilities:
        return FittedEncoder(component)
    return FittedEncoder(component, np.ascontiguousarray(component.encode_items(items), np.float32))


def unranked(
    components: Components, encoders: Mapping[str, FittedEncoder], items: ItemTable, candidates: CandidatesConfig
) -> Bundle:
    """A bundle of fitted encoders, before its ranker."""
    return Bundle(
        encoders=encoders,
        ranker=None,
        objectives={name: built.component for name, built in components.objectives.items()},
        items=items,
        tie_hash=hash_ids(items.ids, TIE_SEED),
        candidates=candidates,
    )


def states(bundle: Bundle) -> dict[str, State]:
    """File name -> state of every fitted component."""
    out = {f"encoder-{name}": encoder.component.state() for name, encoder in bundle.encoders.items()}
    out |= {f"index-{name}": encoder.index.state() for name, encoder in bundle.encoders.items() if encoder.index}
    if bundle.ranker is not None:
        out["ranker"] = bundle.ranker.state()
    return out


def bundle_id(bundle: Bundle) -> str:
    """Fingerprint of everything fitted."""
    return digest(
        {name: [hash_arrays(state.arrays), dict(state.meta)] for name, state in sorted(states(bundle).items())}
    )


def restore_bundle(components: Components, items: ItemTable, candidates: CandidatesConfig, folder: Path) -> Bundle:
    """A bundle from the states in `folder`."""
    encoders = {}
    for name, built in components.encoders.items():
        built.component.restore(read_state(folder, f"encoder-{name}"), items)
        encoders[name] = fitted(built.component, built.resolved.spec.capabilities, items)
        if name in components.indexes:
            index = components.indexes[name].component
            index.restore(read_state(folder, f"index-{name}"), encoders[name].item_vectors)
            encoders[name] = replace(encoders[name], index=index)
    bundle = unranked(components, encoders, items, candidates)
    if components.ranker is None:
        return bundle
    components.ranker.component.restore(read_state(folder, "ranker"))
    return replace(bundle, ranker=components.ranker.component)
