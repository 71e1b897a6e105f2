from __future__ import annotations

import json

import pytest
from fake_site import Site, forget

from paretorec import cli
from paretorec.cli import VERBS, execute
from paretorec.contracts import KINDS
from paretorec.errors import ConfigError, Interrupted, NoAnswer
from paretorec.registry.discovery import scan


@pytest.fixture
def call(capsys):
    """Runs a command line: exit code, stdout, stderr."""

    def _call(*arguments: str) -> tuple[int, str, str]:
        code = execute(arguments)
        out, err = capsys.readouterr()
        return code, out, err

    return _call


@pytest.fixture
def verb(monkeypatch):
    """Puts a function of ours in the place of a verb."""

    def _verb(error: BaseException) -> None:
        import paretorec.cli.front

        def front() -> None:
            raise error

        monkeypatch.setattr(paretorec.cli.front, "front", front)

    return _verb


def test_list_json_has_the_shape_that_others_rely_on(call):
    code, out, err = call("plugins", "list", "--json")
    entries = json.loads(out)
    assert (code, err) == (0, "")
    keys = {"kind", "name", "distribution", "version", "module", "builtin", "state", "default"}
    assert all(keys <= set(entry) for entry in entries)
    kinds = [entry["kind"] for entry in entries]
    assert kinds == sorted(kinds, key=KINDS.index)
    assert {entry["kind"] for entry in entries if entry["default"]} == set(KINDS) - {"rule", "observer"}
    code, out, _ = call("plugins", "list", "--kind", "optimizer", "--json")
    assert {entry["kind"] for entry in json.loads(out)} == {"optimizer"}


def test_list_for_people(call):
    _, out, _ = call("plugins", "list")
    assert "simulated-store *" in out
    assert "nsga2 *" in out


def test_list_says_which_file_decides(call, tmp_path):
    file = tmp_path / "registry.toml"
    file.write_text('[defaults]\noptimizer = "random"\n[trust.deny]\nparetorec = "only testing [brackets]"\n')
    _, out, _ = call("--registry", str(file), "plugins", "list", "--kind", "optimizer")
    assert "only testing [brackets]" in out
    assert "denied" in out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("plugins", "list", "--kind", "optimiser"), "did you mean 'optimizer'?"),
        (("plugins", "show", "ngsa2"), "did you mean 'nsga2'"),
        (("plugins", "show", "random"), "say splitter.random or optimizer.random"),
        (("plugins", "show", "optimizer.smsp"), "did you mean 'smpso'"),
        (("--registry", "nowhere.toml", "plugins", "list"), "nowhere.toml does not exist"),
        (("plugins", "lst"), "'lst'"),
        (("plugin",), "plugins"),
        (("plugins", "list", "--jsn"), "--json"),
        (("plugins", "show"), "COMPONENT"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_2(call, arguments, says):
    code, out, err = call(*arguments)
    assert code == 2
    assert out == ""
    assert says in err
    assert err.startswith("paretorec: ")
    assert len(err.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("error", "code", "says"),
    [
        (ConfigError("key x is wrong"), 2, "paretorec: key x is wrong"),
        (NoAnswer("no policy qualifies"), 3, "paretorec: no policy qualifies"),
        (Interrupted("interrupted"), 130, "paretorec: interrupted"),
        (KeyboardInterrupt(), 130, ""),
        (ValueError("surprise"), 1, "unexpected ValueError: surprise; `paretorec --debug VERB ...` shows where"),
    ],
)
def test_errors_become_exit_codes(call, verb, error, code, says):
    verb(error)
    got, out, err = call("front")
    assert (got, out) == (code, "")
    assert says in err
    assert "Traceback" not in err
    got, _, err = call("--debug", "front")
    assert got == code
    assert "Traceback" in err or isinstance(error, KeyboardInterrupt)


def test_show_json_describes_a_component(call):
    code, out, _ = call("plugins", "show", "optimizer.nsga2", "--json")
    shown = json.loads(out)
    assert code == 0
    assert (shown["kind"], shown["name"], shown["builtin"]) == ("optimizer", "nsga2", True)
    assert shown["summary"]
    assert all(field["description"] for field in shown["config"])
    assert set(shown["schema"]["properties"]) == {field["name"] for field in shown["config"]}
    assert call("plugins", "show", "optimizer.paretorec/nsga2", "--json")[1] == out
    assert call("plugins", "show", "nsga2", "--json")[1] == out


def test_doctor_finds_the_built_ins_healthy(call):
    code, out, err = call("doctor", "--json")
    found = json.loads(out)
    assert found["faults"] == []
    assert (code, err) == (0, "")
    assert found["checked"] >= 40
    assert {"paretorec", "python", "pluggy"} <= set(found["versions"])


def test_doctor_names_what_is_broken_and_exits_1(call, tmp_path):
    file = tmp_path / "registry.toml"
    file.write_text('[choose]\n"optimizer.nsga2" = "gone-paretorec"\n')
    code, out, _ = call("--registry", str(file), "doctor")
    assert code == 1
    assert "pip install gone-paretorec" in out


@pytest.mark.parametrize("verb_name", VERBS)
def test_every_verb_has_help(call, verb_name):
    code, out, _ = call(verb_name, "--help")
    assert code == 0
    assert verb_name in out


def test_help_lists_every_verb_with_a_summary(call):
    code, out, _ = call()
    assert code == 0
    assert all(verb_name in out for verb_name in VERBS)


def test_version(call):
    assert call("--version")[1].startswith("paretorec ")


def test_json_has_no_numbers_that_json_lacks(capsys):
    cli.shared.print_json({"a": [float("nan"), (float("inf"), 1.5)]})
    assert json.loads(capsys.readouterr().out) == {"a": [None, [None, 1.5]]}


def test_a_lock_holds_what_a_run_uses_and_is_a_registry_file(call, tmp_path):
    config, file = tmp_path / "run.toml", tmp_path / "lock.toml"
    config.write_text('source = {use = "simulated-store"}\noptimizer = {use = "random"}\n')
    code, out, err = call("plugins", "lock", str(config), "--out", str(file), "--json")
    assert (code, list(json.loads(out))) == (0, ["paretorec"])
    assert ("locked by version alone" in err) != bool(json.loads(out)["paretorec"]["record"])
    code, text, _ = call("plugins", "lock", str(config))
    assert (code, text) == (0, file.read_text())
    assert call("--registry", str(file), "plugins", "show", "popularity")[0] == 0

    version = json.loads(out)["paretorec"]["version"]
    file.write_text(text.replace(f'version = "{version}"', 'version = "0.0.1"'))
    code, _, err = call("--registry", str(file), "plugins", "show", "popularity")
    assert code == 2
    assert "[lock] wants paretorec 0.0.1, installed is" in err
    assert call("--registry", str(file), "plugins", "lock", str(config))[1] == text  # writes it anew
    assert call("plugins", "lock", str(config), "--set", "encoders.gone.use=gone")[0] == 2


def test_a_lock_names_everybody_whom_the_configuration_names(call, tmp_path, monkeypatch):
    site = Site(tmp_path)
    site.plugin("acme_watch", WATCH, "observer", "watch")
    monkeypatch.syspath_prepend(tmp_path)
    scan.cache_clear()
    try:
        config = tmp_path / "run.toml"
        config.write_text('optimizer = {use = "random"}\nobservers = [{use = "watch"}]\ntune = {sampler = "random"}\n')
        code, out, _ = call("plugins", "lock", str(config), "--json")
    finally:
        scan.cache_clear()
        forget("acme_watch")
    assert (code, list(json.loads(out))) == (0, ["acme-watch", "paretorec"])


WATCH = """
    from paretorec.contracts import ComponentConfig, ComponentSpec, hookimpl

    @hookimpl
    def paretorec_observers():
        return [ComponentSpec("watch", object, ComponentConfig, "")]
"""
