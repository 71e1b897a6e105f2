"""The engine: the whole flow for host applications. `run` fits, searches and certifies; `serve` recommends."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paretorec import processes
from paretorec.artifact import partial, publish, read_json, same_run, unseal, working
from paretorec.bundle import Bundle
from paretorec.components import Components, pinned
from paretorec.config import RunConfig
from paretorec.configfile import load_config, parse_config
from paretorec.contracts.dataset import Dataset, Tables
from paretorec.contracts.observer import CertifyFinished, Verb
from paretorec.contracts.run import NoProgress, Progress, RunContext
from paretorec.data.histories import HistoryIndex
from paretorec.data.saved import load_dataset
from paretorec.data.tables import resolve_data
from paretorec.errors import ConfigError, DataError
from paretorec.export import export_encoder
from paretorec.fitting import bundle_id, fit_bundle, restore_bundle
from paretorec.front import Front
from paretorec.judging import settle_policy
from paretorec.observing import Observers
from paretorec.policyfile import PolicyFile
from paretorec.prepare import Prepared, prepare
from paretorec.recommender import Recommender
from paretorec.record import Record
from paretorec.refit import carried_over, carried_pick, everything
from paretorec.registry import Registry
from paretorec.registry.blame import blames
from paretorec.runfolder import front_json, read_front, write_run
from paretorec.tradeoff import find_front
from paretorec.tuning import League, tune
from paretorec.warmstart import WarmStart

if TYPE_CHECKING:
    import threading

    import pandas as pd


@dataclass
class Fitted:
    """What an engine holds after `run` or `load`."""

    data: Dataset
    bundle: Bundle
    id: str
    front: Front
    record: Record

    @property
    def standing_policy(self) -> Mapping[str, Any]:
        """The policy file of the standing wish's pick; the baseline's where no policy qualified."""
        picked: Mapping[str, Any] | None = self.record.pick["policy"]
        return self.front.point(self.front.baseline).policy if picked is None else picked


class Engine:
    """One configuration, one registry, no globals: two engines in one process may use different plugins.

    Without a configuration it learns from any table with the columns user_id, item_id and time.
    """

    def __init__(
        self,
        config: RunConfig | Mapping[str, Any] | None = None,
        *,
        registry: Registry | None = None,
        progress: Progress | None = None,
        stop: threading.Event | None = None,
    ) -> None:
        self.config = config if isinstance(config, RunConfig) else parse_config(config or {}, "the configuration")
        self.registry = registry or Registry()
        self.progress = progress or NoProgress()
        self.stop = stop
        self.observers = Observers({})
        self._fitted: Fitted | None = None

    @classmethod
    def from_config(cls, path: str | Path, overrides: Iterable[str] = (), **options: Any) -> Engine:
        """From a TOML file; `overrides` as the command line's ``--set``. Raises `ConfigError`."""
        return cls(load_config(Path(path), overrides), **options)

    @blames
    def run(
        self,
        interactions: pd.DataFrame | None = None,
        items: pd.DataFrame | None = None,
        users: pd.DataFrame | None = None,
        *,
        out: str | Path | None = None,
        resume: bool = False,
        warm_start: str | Path | None = None,
    ) -> Front:
        """Fit, search, certify. Data comes from the tables given, else from `[source]`.

        With `out` the run is written there: it works in ``OUT.partial``, which `resume` picks up.

        warm_start: folder of a finished run on earlier days; encoders that can (such as transformer) go on from what
        those of the same name learned there. Nothing that it learned from may be judged here, or `DataError`.

        Where an application joined several processes by `torch.distributed`, all but the first call `assist`.
        """
        components = Components.build(self.config, self.registry)
        with self._watched("run", components, out):
            with nullcontext() if out is None else working(Path(out), resume) as folder:
                processes.wait()
                start = None if warm_start is None else WarmStart.load(Path(warm_start), self.registry)
                tables = self._tables(components, interactions, items, users)
                self._fitted = self._run(components, tables, self._context(folder), folder, start)
                if folder is not None:
                    self._write(folder)
            if out is not None:
                publish(Path(out))
        return self.front

    @blames
    def assist(
        self,
        interactions: pd.DataFrame | None = None,
        items: pd.DataFrame | None = None,
        users: pd.DataFrame | None = None,
        *,
        out: str | Path | None = None,
        warm_start: str | Path | None = None,
    ) -> None:
        """Take part in the fits of the `run` that the first of several processes is at, given the same; then return.

        Nothing is searched, written or kept. The first process's `out` must be seen from here.
        """
        components = Components.build(self.config, self.registry)
        processes.wait()
        start = None if warm_start is None else WarmStart.load(Path(warm_start), self.registry)
        _, prepared = self._prepare(components, self._tables(components, interactions, items, users))
        states = None if out is None else partial(Path(out)) / "states"
        run = replace(self._context(None), progress=NoProgress())
        fit_bundle(components, prepared, self.config.candidates, run, states, lambda _, fit: fit(), start=start)

    @blames
    def tune(
        self,
        interactions: pd.DataFrame | None = None,
        items: pd.DataFrame | None = None,
        users: pd.DataFrame | None = None,
        *,
        out: str | Path,
        resume: bool = False,
    ) -> League:
        """Search over models, `[tune]`, on data before the certify window alone; `run` of the winner certifies it.

        Data comes from where `run` takes it. `out` then holds the table of all that was tried, and the winner's
        configuration.
        """

        def load(components: Components) -> Tables:
            return self._tables(components, interactions, items, users)

        with self._watched("tune", None, out):
            with working(Path(out), resume) as folder:
                league = tune(self.config, self.registry, load, self._context(folder), folder, Path(out))
            publish(Path(out))
        return league

    def _prepare(self, components: Components, tables: Tables) -> tuple[RunConfig, Prepared]:
        # What a source suggests about its columns becomes part of the run's configuration.
        config = self.config.model_copy(update={"data": resolve_data(tables, self.config.data)})
        return config, prepare(tables, config, components)

    def _run(
        self,
        components: Components,
        tables: Tables,
        run: RunContext,
        folder: Path | None,
        start: WarmStart | None,
    ) -> Fitted:
        began = time.perf_counter()
        config, prepared = self._prepare(components, tables)
        record = Record(components.manifest(), config, {"prepare data": time.perf_counter() - began})
        if start is not None:
            record.warm_start = start.describe(start.takers(components))
            start.check(prepared)
        record.describe(prepared, run)
        states = None
        if folder is not None:
            same_run(folder, record.run_fields)
            states = folder / "states"
        components = settle_policy(components, prepared, self.registry)
        bundle = fit_bundle(components, prepared, config.candidates, run, states, record.timed, start=start)
        ident = bundle_id(bundle)
        front = find_front(components, prepared, bundle, ident, config, run, record, self.registry)
        document = front_json(front, record.requests)
        run.emit(CertifyFinished(certified=front.certified, front=document, pick=dict(record.pick)))
        return Fitted(prepared.data, bundle, ident, front, record)

    @contextmanager
    def _watched(self, verb: Verb, components: Components | None, out: str | Path | None) -> Iterator[None]:
        """The block's events go to `[[observers]]`, built anew for it."""
        self.observers = Observers.build(self.config, self.registry)
        used = () if components is None else tuple(components.manifest())
        with self.observers.watching(verb, self.config, used, "" if out is None else str(out)):
            yield

    def _tables(self, components: Components, *frames: pd.DataFrame | None) -> Tables:
        import pandas as pd

        interactions, items, users = frames
        for name, frame in (("interactions", interactions), ("items", items), ("users", users)):
            if frame is not None and not isinstance(frame, pd.DataFrame):
                raise DataError(
                    f"{name} must be a pandas DataFrame, not {type(frame).__name__}; files are read by a [source] "
                    "such as csv"
                )
        if interactions is not None:
            return Tables(interactions, items, users)
        if items is not None or users is not None:
            raise DataError("items and users describe interactions; give run(interactions=...) too")
        if components.source is None:
            raise DataError("there is no data: give run(interactions=...) a table, or the configuration a [source]")
        tables: Tables = components.source.component.load()
        return tables

    def _context(self, folder: Path | None) -> RunContext:
        threads = self.config.threads or max((os.cpu_count() or 1) // processes.on_this_machine(), 1)
        torch = sys.modules.get("torch")
        if torch is not None:
            torch.set_num_threads(threads)
        context = RunContext(
            seed=self.config.seed,
            threads=threads,
            device=self._device(torch),
            folder=folder,
            memory=int(self.config.memory * 2**30),
            progress=self.progress,
            emit=self.observers.emit,
        )
        return replace(context, stop=self.stop) if self.stop is not None else context

    def _device(self, torch: Any) -> str:
        if self.config.device == "cpu" or torch is None:
            return "cpu"
        if torch.cuda.is_available():
            return "cuda"
        if self.config.device == "cuda":
            raise ConfigError(
                'device = "cuda", but torch finds no CUDA device here (torch.cuda.is_available() is False); set '
                'device = "auto" or "cpu", or install torch with CUDA and a driver for it'
            )
        return "cpu"

    @property
    def fitted(self) -> Fitted:
        """What was fitted. Raises `ConfigError` before `run` or `load`."""
        if self._fitted is None:
            raise ConfigError("nothing is fitted yet; call engine.run(...) or Engine.load(...) first")
        return self._fitted

    @property
    def data_report(self) -> Mapping[str, Any]:
        """What happened to the rows on their way in, counted by reason: repaired, filled, not observed, dropped."""
        report: Mapping[str, Any] = self.fitted.record.data["report"]
        return report

    @property
    def front(self) -> Front:
        """The front of the last run."""
        return self.fitted.front

    @blames
    def serve(self, policy: Any = None) -> Recommender:
        """An immutable, thread-safe recommender. policy: a pick, a front point, a policy file or its path;
        None: the standing wish's pick, or the baseline where no policy qualifies."""
        fitted = self.fitted
        chosen = fitted.standing_policy if policy is None else policy
        file = PolicyFile.load(getattr(chosen, "policy", chosen))
        components = Components.build(self.config, self.registry)
        base = Recommender(
            bundle=fitted.bundle,
            bundle_id=fitted.id,
            history=HistoryIndex(fitted.data),
            user_codes={str(name): code for code, name in enumerate(fitted.data.user_ids)},
            item_codes={str(name): code for code, name in enumerate(fitted.data.items.ids)},
            shape=fitted.record.shape,
            end=int(fitted.data.time.max()) + 1,
            policy=file,
            kind=components.policy.component,
            rules=tuple(built.component for built in components.rules.values()),
            registry=self.registry,
        )
        return base.with_policy(file)

    def save(self, folder: str | Path) -> Path:
        """Write everything that serving, reporting and refitting need. Returns the folder."""
        out = Path(folder)
        with working(out, resume=False) as partial:
            self._write(partial)
        publish(out)
        return out

    def _write(self, folder: Path) -> None:
        fitted = self.fitted
        write_run(folder, fitted.data, fitted.bundle, fitted.id, fitted.front, fitted.record)

    @blames
    def export(
        self, folder: str | Path, *, encoder: str = "", form: str = "onnx", k: int = 10, int8: bool = False
    ) -> Path:
        """Write a fitted encoder as a file for other runtimes: item codes of a history in, the `k` best items out.

        encoder: its instance name; "": the only one that can. int8: also with weights of eight bits. Returns the path
        of the JSON beside it, which names the file, item ids by code, inputs, outputs, bundle and fingerprint.
        """
        fitted = self.fitted
        encoders = Components.build(self.config.model_copy(update={"source": None}), self.registry).encoders
        about = {"bundle": fitted.id, "fingerprint": fitted.record.fingerprint}
        return export_encoder(encoders, fitted.bundle, about, Path(folder), encoder=encoder, form=form, k=k, int8=int8)

    @classmethod
    def load(cls, folder: str | Path, *, registry: Registry | None = None, progress: Progress | None = None) -> Engine:
        """A saved run. Raises `ArtifactError` when a file, plugin or version is not what the manifest says."""
        folder = Path(folder)
        manifest = unseal(folder)
        registry = registry or Registry()
        config = parse_config(read_json(folder / "config.json"), str(folder / "config.json"))
        config = pinned(config, manifest["components"], registry, str(folder))
        engine = cls(config, registry=registry, progress=progress)
        data = load_dataset(folder / "data")
        components = Components.build(config.model_copy(update={"source": None}), registry)
        bundle = restore_bundle(components, data.items, config.candidates, folder / "states")
        record = Record.load(folder, manifest, config)
        engine._fitted = Fitted(data, bundle, manifest["bundle"], read_front(folder), record)
        return engine

    @blames
    def refit(self) -> None:
        """Learn again from everything up to the end of the data. The certificate does not carry over, and says so."""
        fitted = self.fitted
        components = Components.build(self.config, self.registry)
        spans = fitted.record.spans
        prepared = everything(fitted.data, spans["rank"] if components.ranker else 0, spans["horizon"])
        with self._watched("refit", components, None):
            run = self._context(None)
            bundle = fit_bundle(components, prepared, self.config.candidates, run, None, fitted.record.timed)
        ident = bundle_id(bundle)
        self._fitted = replace(
            fitted,
            bundle=bundle,
            id=ident,
            front=carried_over(fitted.front, ident),
            record=replace(
                fitted.record,
                pick=carried_pick(fitted.record.pick, ident),
                shape=replace(fitted.record.shape, context={}),
            ),
        )
