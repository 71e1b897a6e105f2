"""Observers are told what happens, in order, and can end nothing."""

from __future__ import annotations

import logging
import threading
from dataclasses import FrozenInstanceError, fields

import pytest
from simulated_shop import SHOP, TRANSFORMER

from paretorec import Engine, Registry
from paretorec.contracts import ComponentConfig, ComponentSpec, RunStarted, hookimpl
from paretorec.contracts.hooks import ObserverHooks
from paretorec.contracts.observer import Event
from paretorec.errors import ConfigError, DataError, Interrupted, PluginLoadError
from paretorec.observing import HOOK_OF
from paretorec.registry.load import Loader

QUICK = {
    **SHOP,
    "source": {"use": "simulated-store", "params": {"users": 80, "weeks": 12, "items": 40}},
    "encoders": [{"use": "popularity"}, {"use": "repeat"}],
    "objectives": [{"use": "relevance"}, {"use": "sales"}],
    "optimizer": {"use": "nsga2", "params": {"population": 20}},
    "search": {"evaluations": 60},
    "observers": [{"use": "recorder"}],
    "pick": {},
}


class Config(ComponentConfig):
    pass


class Recorder:
    """Keeps all that it is told."""

    def __init__(self, config: Config) -> None:
        self.seen: list[Event] = []

    @hookimpl
    def paretorec_run_started(self, event):
        self.seen.append(event)

    @hookimpl
    def paretorec_fit_finished(self, event):
        self.seen.append(event)

    @hookimpl
    def paretorec_epoch_finished(self, event):
        self.seen.append(event)

    @hookimpl
    def paretorec_generation_finished(self, event):
        self.seen.append(event)

    @hookimpl
    def paretorec_certify_finished(self, event):
        self.seen.append(event)

    @hookimpl
    def paretorec_run_finished(self, event):
        self.seen.append(event)

    def names(self) -> list[str]:
        return [type(event).__name__ for event in self.seen]


def engine_with(config=QUICK, **observers) -> Engine:
    """An engine whose host offers these observers, name -> object."""
    registry = Registry(files=())
    for name, observer in observers.items():
        registry.add("observer", ComponentSpec(name, lambda _, one=observer: one, Config, ""))
    return Engine(config, registry=registry)


def test_a_run_is_told_from_start_to_end():
    recorder = Recorder(Config())
    config = {**QUICK, "encoders": [*QUICK["encoders"], TRANSFORMER]}
    engine = engine_with(config, recorder=recorder)
    front = engine.run()
    names = recorder.names()
    fits = ["FitFinished", "FitFinished", "EpochFinished", "FitFinished"]
    assert names == ["RunStarted", *fits, *["GenerationFinished"] * 4, "CertifyFinished", "RunFinished"]
    started, finished = recorder.seen[0], recorder.seen[-1]
    assert started.verb == "run"
    assert {used["instance"] for used in started.components} >= {"popularity", "transformer", "relevance"}
    assert [event.instance for event in recorder.seen if hasattr(event, "restored")] == [
        "popularity",
        "repeat",
        "transformer",
    ]
    epoch = recorder.seen[3]
    assert (epoch.training, epoch.epoch, epoch.epochs) == ("transformer", 1, 1)
    generations = [event for event in recorder.seen if hasattr(event, "hypervolume")]
    assert {event.search for event in generations} == {"nsga2", "random"}
    last = [event for event in generations if event.search == "nsga2"][-1]
    assert last.evaluations == last.budget == 60
    certified = recorder.seen[-2]
    assert certified.certified == front.certified
    assert len(certified.front["points"]) == len(front.points)
    assert (finished.outcome, finished.error) == ("done", "")
    assert finished.seconds > 0


def test_results_do_not_depend_on_who_watches(tmp_path):
    watched = engine_with(recorder=Recorder(Config()))
    plain = engine_with({**QUICK, "observers": []})
    assert watched.run(out=tmp_path / "a").points == plain.run(out=tmp_path / "b").points
    run = [(tmp_path / name / "run.json").read_text() for name in "ab"]
    assert run[0] == run[1]  # so that a run may be resumed with other observers


class Failing(Recorder):
    """Raises whatever it is told."""

    @hookimpl
    def paretorec_generation_finished(self, event):
        raise SystemExit("no room on the device")

    @hookimpl
    def paretorec_fit_finished(self, event):
        raise ValueError("not today")


def test_what_an_observer_raises_is_logged_counted_and_ends_nothing(caplog):
    failing, after = Failing(Config()), Recorder(Config())
    engine = engine_with({**QUICK, "observers": [{"use": "failing"}, {"use": "after"}]}, failing=failing, after=after)
    with caplog.at_level(logging.WARNING):
        front = engine.run()
    assert front.points
    generations = after.names().count("GenerationFinished")
    assert after.names()[-1] == "RunFinished"
    assert engine.observers.failures == {"failing": 2 + generations}
    first, last = caplog.records
    assert "observer 'failing' of (host)" in first.getMessage()
    assert "paretorec_fit_finished" in first.getMessage()
    assert "ValueError: not today" in first.getMessage()
    assert first.exc_info is not None
    assert last.getMessage() == f"observer 'failing' failed {2 + generations} times"


class Stopping(Recorder):
    """What a host may do on purpose."""

    def __init__(self, config: Config, stop: threading.Event) -> None:
        super().__init__(config)
        self.stop = stop

    @hookimpl
    def paretorec_generation_finished(self):  # pluggy lets a hook take fewer arguments
        self.stop.set()


def test_the_end_is_told_however_it_came():
    stop = threading.Event()
    stopping = Stopping(Config(), stop)
    engine = engine_with(recorder=stopping)
    engine.stop = stop
    with pytest.raises(Interrupted):
        engine.run()
    assert stopping.seen[-1].outcome == "interrupted"

    recorder = Recorder(Config())
    with pytest.raises(DataError):
        engine_with(recorder=recorder).run([])
    assert recorder.names() == ["RunStarted", "RunFinished"]
    assert recorder.seen[-1].outcome == "failed"
    assert recorder.seen[-1].error.startswith("DataError: interactions must be a pandas DataFrame")


def test_refit_is_told_too():
    recorder = Recorder(Config())
    engine = engine_with(recorder=recorder)
    engine.run()
    recorder.seen.clear()
    engine.refit()
    assert recorder.names() == ["RunStarted", "FitFinished", "FitFinished", "RunFinished"]
    assert recorder.seen[0].verb == "refit"


def _with_hook(**methods) -> object:
    return type("Odd", (), {name: hookimpl(method) for name, method in methods.items()})()


async def coroutine(self, event):
    return None


@pytest.mark.parametrize(
    ("observer", "says"),
    [
        (object(), "it has no @hookimpl method such as paretorec_run_started"),
        (_with_hook(paretorec_run_begun=lambda self, event: None), "unknown hook 'paretorec_run_begun'"),
        (_with_hook(paretorec_run_started=lambda self, run: None), r"Argument\(s\) \{'run'\} are declared"),
        (_with_hook(paretorec_run_started=coroutine), "coroutine"),
    ],
)
def test_an_observer_that_nobody_could_tell_anything_is_refused_at_the_start(observer, says):
    with pytest.raises(PluginLoadError, match=says):
        engine_with(recorder=observer).run()


def test_an_observer_runs_only_where_the_configuration_names_it():
    recorder = Recorder(Config())
    engine_with({**QUICK, "observers": []}, recorder=recorder).run()
    assert recorder.seen == []
    with pytest.raises(ConfigError, match=r"two members of observers are called 'recorder'"):
        engine_with({**QUICK, "observers": [{"use": "recorder"}, {"use": "recorder"}]})


def test_every_event_has_its_hook_and_is_frozen():
    hooks = {name for name in vars(ObserverHooks) if name.startswith("paretorec_")}
    assert hooks == set(HOOK_OF.values())
    event = RunStarted(verb="run", config={}, components=(), folder="")
    with pytest.raises(FrozenInstanceError):
        event.folder = "elsewhere"
    assert all(field.kw_only for kind in HOOK_OF for field in fields(kind))  # so that fields can be added


def test_hook_calls_do_not_grow_with_data(monkeypatch):
    """Collection hooks once a plugin and kind, observers once an event: never in a loop over users, items or lists."""
    collected: list[str] = []
    collect = Loader._collect

    def counting(self, module, hook):
        collected.append(hook)
        return collect(self, module, hook)

    monkeypatch.setattr(Loader, "_collect", counting)
    counts = []
    for size in (60, 240):
        collected.clear()
        recorder = Recorder(Config())
        source = {"use": "simulated-store", "params": {"users": size, "weeks": 12, "items": size // 2}}
        engine_with({**QUICK, "source": source}, recorder=recorder).run()
        counts.append((sorted(collected), recorder.names()))
    assert counts[0] == counts[1]
    assert len(counts[0][0]) < 20
    assert len(counts[0][1]) < 20
