"""A registry in another process: import strings, no scan, no metadata, no file."""

from __future__ import annotations

import json
import multiprocessing
import subprocess
import sys
from typing import Any

import pytest

from paretorec.contracts import ComponentConfig, ComponentRef, ComponentSpec
from paretorec.errors import AmbiguousComponent, ComponentDenied, ComponentNotFound, LockMismatch
from paretorec.registry import Registry, RegistrySettings, Trust, refresh, scan
from paretorec.registry.lock import lock
from paretorec.registry.settings import Locked


class Config(ComponentConfig):
    pass


class Encoder:
    def __init__(self, config: Config) -> None:
        self.width = 5


def width_in_worker(snapshot: dict[str, Any], use: str) -> int:
    """Runs in a spawned process."""
    return Registry.from_snapshot(snapshot).build("encoder", ComponentRef(use=use)).component.width


def test_a_spawned_worker_builds_what_its_parent_chose(site):
    site.plugin("acme_rnn")
    site.plugin("other_rnn")
    registry = site.registry(RegistrySettings(choose={"encoder.rnn": "other-rnn"}))
    registry.add("encoder", ComponentSpec("own", Encoder, Config, "The host's"))
    snapshot = json.loads(json.dumps(registry.snapshot()))
    with multiprocessing.get_context("spawn").Pool(1) as pool:  # the child inherits sys.path, and nothing else
        assert pool.apply(width_in_worker, (snapshot, "own")) == 5
        assert pool.apply(width_in_worker, (snapshot, "rnn")) == 8
    again = Registry.from_snapshot(snapshot)
    assert again.resolve("encoder", "rnn").provenance.distribution == "other-rnn"
    assert again.available() == registry.available()
    assert again.snapshot() == snapshot


def test_a_closure_stays_behind_and_whoever_asks_for_it_there_is_told_why(site):
    site.plugin("acme_rnn")
    registry = site.registry()
    registry.add("objective", ComponentSpec("mine", lambda _: Encoder(Config()), Config, "A closure"))
    again = Registry.from_snapshot(registry.snapshot())
    again.resolve("encoder", "rnn")
    with pytest.raises(ComponentNotFound, match=r"stayed in the host's process: the factory of 'mine' is <function"):
        again.resolve("objective", "mine")
    assert Registry.from_snapshot(again.snapshot()).snapshot() == again.snapshot()


def test_trust_disputes_and_the_lock_travel(site):
    site.plugin("acme_rnn")
    site.plugin("other_rnn")
    site.record(site.folder / "acme_rnn-1.0.dist-info", "acme_rnn")
    denied = site.registry(RegistrySettings(trust=Trust(deny={"acme-rnn": "slow", "other-rnn": "slow"})))
    with pytest.raises(ComponentDenied, match="slow"):
        Registry.from_snapshot(denied.snapshot()).resolve("encoder", "rnn")
    with pytest.raises(AmbiguousComponent):
        Registry.from_snapshot(site.registry().snapshot()).resolve("encoder", "rnn")
    locked = site.registry(RegistrySettings(lock=lock(["acme-rnn"]) | {"other-rnn": Locked(version="0")}))
    (site.folder / "acme_rnn-1.0.dist-info" / "RECORD").unlink()  # verified by the parent; a worker reads nothing
    with pytest.raises(LockMismatch, match="RECORD has changed"):
        Registry.from_snapshot(locked.snapshot()).resolve("encoder", "acme-rnn/rnn")


FROZEN = """
import importlib.metadata, json, sys
def forbidden(*arguments, **named):
    raise AssertionError("there is no metadata in a frozen application")
importlib.metadata.distributions = lambda **named: ()
importlib.metadata.entry_points = lambda **named: importlib.metadata.EntryPoints(())  # pydantic asks, too
importlib.metadata.distribution = forbidden
import paretorec.registry.resolve, paretorec.registry.settings
paretorec.registry.resolve.packaged_file = paretorec.registry.settings.packaged_file = forbidden
from paretorec import ComponentRef, Registry
registry = Registry.from_snapshot(json.load(sys.stdin))
print(registry.build("encoder", ComponentRef(use="popularity")).resolved.qualified, registry.default("optimizer"))
"""


def test_a_frozen_application_needs_no_metadata_and_no_file():
    document = json.dumps(Registry(files=()).snapshot())
    done = subprocess.run([sys.executable, "-c", FROZEN], input=document, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.split()) == (0, ["paretorec/popularity", "nsga2"]), done.stderr


def test_selecting_again_asks_nobody(site, monkeypatch):
    site.plugin("acme_rnn")
    registry = site.registry()
    first = registry.resolve("encoder", "rnn")
    monkeypatch.setattr("paretorec.registry.resolve.select", None)
    assert registry.resolve("encoder", "rnn") is first


def test_a_plugin_that_is_installed_while_the_process_runs_is_seen_after_refresh(site):
    before = Registry(files=())
    assert "late-rnn" not in {candidate.distribution for candidate in scan()}
    site.plugin("late_rnn")
    assert "late-rnn" not in {candidate.distribution for candidate in scan()}
    refresh()
    assert Registry(files=()).resolve("encoder", "rnn").provenance.distribution == "late-rnn"
    assert "late-rnn" not in {candidate.distribution for candidate in before.candidates}
