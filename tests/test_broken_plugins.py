"""Ten kinds of broken plugin, installed at once, disturb nobody who does not use them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from fake_site import Site

HEAD = """
from paretorec.contracts import ComponentConfig, ComponentSpec, hookimpl

class Config(ComponentConfig):
    pass

def make(config):
    return object()

@hookimpl
"""


def offering(body: str, prefix: str = "") -> str:
    """The module of a plugin whose hook has this body."""
    return f"{HEAD}{prefix}def paretorec_encoders():\n    {body}\n"


GOOD = offering("return [ComponentSpec('rnn', make, Config, '')]")

MODULES = {
    "import-error": "from paretorec.contracts import NoSuchContract\n" + GOOD,
    "syntax-error": "def paretorec_encoders(:\n",
    "missing-dependency": "import nowhere_to_be_found\n" + GOOD,
    "wrong-api": offering("return [ComponentSpec('rnn', make, Config, '', api=99)]"),
    "raising-hook": offering("raise RuntimeError('out of order')"),
    "nonsense-hook": offering("return ['rnn']"),
    "coroutine-hook": offering("return [ComponentSpec('rnn', make, Config, '')]", "async "),
    "no-module": None,
    "other-name": offering("return [ComponentSpec('lstm', make, Config, '')]"),
    "half-removed": GOOD,
}
"""What is wrong -> the plugin's module; each offers an encoder of that name."""

SAYS = {
    "import-error": "importing its module failed with ImportError: cannot import name 'NoSuchContract'",
    "syntax-error": "importing its module failed with SyntaxError",
    "missing-dependency": "No module named 'nowhere_to_be_found'; install what has the module nowhere_to_be_found",
    "wrong-api": "it was written for version 99 of the contracts, and this paretorec has version 1: upgrade paretorec",
    "raising-hook": "calling its hook paretorec_encoders failed with RuntimeError: out of order; upgrade",
    "nonsense-hook": "it returned 'nonsense-hook', which is no ComponentSpec",
    "coroutine-hook": "paretorec_encoders is a coroutine function",
    "no-module": "No module named 'bad_no_module'",
    "other-name": "its hook paretorec_encoders offers only 'lstm'",
    "half-removed": "its distribution is half removed: `paretorec doctor` names the folder to delete",
}
"""What is wrong -> what is said to whoever uses it all the same."""

STORE = """
k = 5
threads = 1
source = { use = "simulated-store", params = { users = 60, items = 30, weeks = 12 } }
optimizer = { use = "random" }
search = { evaluations = 20 }
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where all ten lie, beside one that is well."""
    site = Site(tmp_path_factory.mktemp("site"))
    site.plugin("acme_rnn", GOOD)
    for what, source in MODULES.items():
        module = f"bad_{what.replace('-', '_')}"
        if source is not None:
            site.module(module, source.replace("'rnn'", f"'{what}'"))
        info = site.install(f"bad-{what}", {"encoder": {what: module}})
        if what == "half-removed":
            (info / "METADATA").unlink()
    (site.folder / "store.toml").write_text(STORE)
    return site.folder


def paretorec(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "paretorec", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_they_are_listed_without_being_imported(folder):
    listed = paretorec(folder, "plugins", "list", "--json")
    assert (listed.returncode, listed.stderr) == (0, "")
    states = {entry["name"]: entry["state"] for entry in json.loads(listed.stdout)}
    assert {states[what] for what in MODULES if what != "half-removed"} == {"ready"}
    assert states["half-removed"] == "broken"
    assert states["rnn"] == states["popularity"] == "ready"


def test_doctor_finds_ten_of_ten_and_nothing_else(folder):
    checked = paretorec(folder, "doctor", "--json")
    assert (checked.returncode, checked.stderr) == (1, "")
    mine = [fault for fault in json.loads(checked.stdout)["faults"] if fault["distribution"] != "paretorec"]
    assert len(mine) == len(MODULES) == 10, mine
    named = {fault["name"]: fault["problem"] for fault in mine}
    assert set(named) == {what for what in MODULES if what != "half-removed"} | {""}
    assert "bad_half_removed-1.0.dist-info is what is left of a distribution" in named.pop("")
    for what, problem in named.items():
        assert SAYS[what] in problem
        assert f"encoder '{what}' of bad-{what} 1.0 (bad_{what.replace('-', '_')})" in problem


def test_everybody_else_runs_recommends_and_evaluates(folder):
    ran = paretorec(folder, "run", "store.toml", "--out", "run", "--json")
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout)["points"]
    served = paretorec(folder, "recommend", "run", "--history", "i0001,i0002", "-k", "3", "--json")
    assert served.returncode == 0, served.stderr
    assert len(json.loads(served.stdout)) == 3
    (folder / "lists.csv").write_text("user_id,item_id,rank\nu1,a,1\nu1,b,2\n")
    (folder / "truth.csv").write_text("user_id,item_id\nu1,b\n")
    judged = paretorec(
        folder, "evaluate", "--recommendations", "lists.csv", "--truth", "truth.csv", "--metrics", "recall@2", "--json"
    )
    assert judged.returncode == 0, judged.stderr
    shown = paretorec(folder, "plugins", "show", "popularity")
    assert shown.returncode == 0, shown.stderr


@pytest.mark.parametrize("what", MODULES)
def test_whoever_uses_one_is_told_what_is_wrong_and_what_to_do(folder, what, monkeypatch):
    from paretorec import Engine, Registry
    from paretorec.errors import PluginError
    from paretorec.registry.discovery import scan

    monkeypatch.syspath_prepend(folder)
    scan.cache_clear()
    try:
        registry = Registry(files=())
    finally:
        scan.cache_clear()
    with pytest.raises(PluginError) as caught:
        Engine({"encoders": [{"use": what}]}, registry=registry).run([])
    message = str(caught.value)
    assert SAYS[what] in message
    assert f"encoder '{what}' of " in message
    assert "\n" not in message
    if what in ("import-error", "syntax-error", "missing-dependency", "raising-hook", "no-module"):
        assert caught.value.__cause__ is not None
