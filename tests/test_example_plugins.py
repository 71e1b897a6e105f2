"""The example distributions: small, held to the kit, and swapped in after they were installed from wheels."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest
from environments import Environment, build
from fake_site import forget

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = ROOT / "docs" / "examples" / "plugins"
FOLDERS = ("provider-fairness", "pycma-optimizer", "svd-encoder")


def own_lines(source: str) -> int:
    """Lines of code: neither blank, nor comment, nor docstring."""
    tree = ast.parse(source)
    documented: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node):
            documented |= set(range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1))
    lines = enumerate(source.splitlines(), 1)
    return sum(1 for at, line in lines if line.strip() and not line.strip().startswith("#") and at not in documented)


def test_each_is_small():
    assert sorted(folder.name for folder in EXAMPLES.iterdir()) == sorted(FOLDERS)
    for folder in FOLDERS:
        sources = (EXAMPLES / folder / "src").rglob("*.py")
        assert sum(own_lines(path.read_text(encoding="utf-8")) for path in sources) < 60, folder


@pytest.mark.parametrize(
    ("folder", "module", "kind", "name"),
    [
        ("svd-encoder", "paretorec_svd", "encoder", "svd"),
        ("pycma-optimizer", "paretorec_pycma", "optimizer", "cma-es"),
        ("provider-fairness", "paretorec_provider_fairness", "evaluator", "provider-fairness"),
        ("provider-fairness", "paretorec_provider_fairness", "objective", "provider-fairness"),
    ],
)
def test_each_passes_the_kit(folder, module, kind, name, monkeypatch):
    from paretorec.registry import Candidate, Registry
    from paretorec.testing import contract_of

    monkeypatch.syspath_prepend(EXAMPLES / folder / "src")
    site = [candidate for candidate in Registry(files=()).candidates if candidate.builtin]
    kinds = ("evaluator", "objective") if folder == "provider-fairness" else (kind,)
    theirs = [Candidate(one, name, folder, "1.0.0", module) for one in kinds]
    registry = Registry((*site, *theirs), files=())
    contract = contract_of(kind)
    made = type("TestExample", (contract,), {"spec": f"{folder}/{name}", "registry": registry})
    report = made.report()
    assert [result for result in report.results if result.outcome == "failed"] == []
    assert sum(result.outcome == "passed" for result in report.results) > 10
    forget(module)


STORE = """
k = 5
threads = 1
source = { use = "simulated-store", params = { users = 100, items = 40, weeks = 16 } }
encoders = [{ use = "popularity" }, { use = "svd", params = { width = 8 } }]
objectives = [
    { use = "relevance" },
    { use = "novelty" },
    { use = "provider-fairness", params = { column = "category" } },
]
optimizer = { use = "%s" }
search = { evaluations = 60 }
"""

CHOICE = '[choose]\n"optimizer.cma-es" = "paretorec-pycma"\n'


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """A fresh environment with the wheel of this repository and those of the examples."""
    made = Environment(tmp_path_factory.mktemp("examples"))
    for name, source in {"core": ROOT, **{folder: EXAMPLES / folder for folder in FOLDERS}}.items():
        made.install(build(source, tmp_path_factory.mktemp(name)))
    for name, optimizer in {"short": "cma-es", "qualified": "paretorec-pycma/cma-es"}.items():
        (made.folder / f"{name}.toml").write_text(STORE % optimizer)
    (made.folder / "choice.toml").write_text(CHOICE)
    return made


def optimizer_of(environment: Environment, config: str, *before: str) -> str:
    """Run, and say by the manifest whose optimizer searched."""
    ran = environment.paretorec(*before, "run", f"{config}.toml", "--out", f"run-{config}", "--json")
    assert ran.returncode == 0, ran.stderr
    manifest = json.loads((environment.folder / f"run-{config}" / "manifest.json").read_text())
    (used,) = [entry for entry in manifest["components"] if entry["kind"] == "optimizer"]
    assert {"paretorec-svd", "paretorec-provider-fairness"} <= {
        entry["distribution"] for entry in manifest["components"]
    }
    return f"{used['distribution']} {used['version']} {used['class']}"


@pytest.mark.install
def test_three_installed_examples_are_listed_swapped_locked_and_missed(environment):
    listed = environment.paretorec("plugins", "list", "--json")
    assert listed.returncode == 0, listed.stderr
    theirs = [entry for entry in json.loads(listed.stdout) if not entry["builtin"]]
    assert [(e["kind"], e["name"], e["distribution"], e["version"], e["module"], e["state"]) for e in theirs] == [
        ("encoder", "svd", "paretorec-svd", "1.0.0", "paretorec_svd", "ready"),
        (
            "evaluator",
            "provider-fairness",
            "paretorec-provider-fairness",
            "1.0.0",
            "paretorec_provider_fairness",
            "ready",
        ),
        (
            "objective",
            "provider-fairness",
            "paretorec-provider-fairness",
            "1.0.0",
            "paretorec_provider_fairness",
            "ready",
        ),
        ("optimizer", "cma-es", "paretorec-pycma", "1.0.0", "paretorec_pycma", "shadowed"),
    ]

    # By its short name the built-in; by one line of the configuration, or one of registry.toml, the third party's.
    assert optimizer_of(environment, "short").startswith("paretorec ")
    assert optimizer_of(environment, "qualified") == "paretorec-pycma 1.0.0 PyCma"
    assert optimizer_of(environment, "short", "--registry", "choice.toml") == "paretorec-pycma 1.0.0 PyCma"

    # A lock of all that the run uses, hashes included, since these are wheels.
    made = environment.paretorec("plugins", "lock", "qualified.toml", "--out", "lock.toml", "--json")
    assert made.returncode == 0, made.stderr
    assert made.stderr == ""
    locked = json.loads(made.stdout)
    assert set(locked) == {"paretorec", "paretorec-pycma", "paretorec-svd", "paretorec-provider-fairness"}
    assert all(entry["record"] for entry in locked.values())
    assert optimizer_of(environment, "qualified", "--registry", "lock.toml").startswith("paretorec-pycma")
    where = environment.call("-c", "import paretorec_svd.encoder as m; print(m.__file__)").stdout.strip()
    original = Path(where).read_text()
    Path(where).write_text(original + "# changed\n")
    refused = environment.paretorec("--registry", "lock.toml", "run", "qualified.toml", "--out", "again")
    assert refused.returncode == 2
    assert (
        "its file paretorec_svd/encoder.py is not what its RECORD says; pip install --force-reinstall" in refused.stderr
    )
    Path(where).write_text(original)

    # A saved run of a plugin that was uninstalled says which distribution and version to install.
    environment.uninstall("paretorec-svd")
    gone = environment.call("-c", "from paretorec import Engine; Engine.load('run-qualified')")
    assert "ArtifactError" in gone.stderr
    assert "encoder 'svd' of paretorec-svd 1.0.0" in gone.stderr
    assert "pip install 'paretorec-svd==1.0.0'" in gone.stderr
