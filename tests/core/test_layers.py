"""Imports inside core go one way, core knows no plugin, and no plugin knows another."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CORE = ROOT / "core" / "paretorec"
PLUGINS = ROOT / "plugins" / "paretorec_plugins"

LAYERS = (
    {"errors"},
    {"contracts"},
    {"config", "front", "explanation", "artifact", "processes"},
    {"data", "registry", "training", "loops", "compiled"},
    {
        "configfile",
        "components",
        "candidates",
        "topk",
        "asking",
        "signals",
        "scores",
        "judge",
        "search",
        "certify",
        "pick",
        "evaluation",
        "offpolicy",
        "observing",
    },
    {
        "explore",
        "embedding",
        "export",
        "policyfile",
        "prepare",
        "bundle",
        "fitting",
        "judging",
        "looks",
        "explain",
        "record",
        "refit",
        "sample",
        "stored",
        "tradeoff",
        "runfolder",
        "warmstart",
        "report",
    },
    {"tuning"},
    {"engine", "recommender"},
    {"cli", "testing", "scaffold", "__main__"},
)
"""Design, section 2, with what it leaves open; a unit may import those of earlier layers and of its own, without
cycles. The report reads a finished run's files and knows nothing of how they came about,
but it shares the rule of picking."""

SHORTCUTS = {("front", "pick"), ("recommender", "engine")}
"""Methods that hosts want on the object at hand; they import when they are called: `front.pick(...)` is
`pick(front, ...)`, `Recommender.load(folder)` is `Engine.load(folder).serve(...)`. Nothing else may point backwards."""

LEVEL = {unit: level for level, units in enumerate(LAYERS) for unit in units}


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*.py") if "__pycache__" not in path.parts)


def imports(path: Path, package: str) -> Iterator[str]:
    """Every module that a file names in an import statement, wherever in the file; `package` is its own."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parent = package.rsplit(".", node.level - 1)[0] if node.level > 1 else package
            module = f"{parent}.{node.module or ''}".rstrip(".") if node.level else str(node.module)
            # `from paretorec import front` names a module of the package as much as `from paretorec.front import x`.
            yield from (f"{module}.{alias.name}" for alias in node.names)


def package_of(path: Path, root: Path) -> str:
    parts = path.relative_to(root.parent).with_suffix("").parts
    return ".".join(parts[:-1])


def unit_of(path: Path) -> str:
    parts = path.relative_to(CORE).with_suffix("").parts
    return parts[0]


def edges() -> list[tuple[str, str, str]]:
    found = []
    for path in files(CORE):
        if path == CORE / "__init__.py":  # the facade: imports on first use, and nothing in core imports it
            continue
        for name in imports(path, package_of(path, CORE)):
            parts = name.split(".")
            if parts[0] == "paretorec":
                assert len(parts) > 1, f"{path}: imports the facade `paretorec` itself"
                if (unit_of(path), parts[1]) in SHORTCUTS:
                    continue
                found.append((unit_of(path), parts[1], f"{path.relative_to(ROOT)} imports {name}"))
    return found


def test_every_unit_of_core_has_its_layer():
    units = {unit_of(path) for path in files(CORE)} - {"__init__"}
    assert units <= set(LEVEL), f"say in LAYERS where {sorted(units - set(LEVEL))} belong"


def test_core_imports_go_one_way():
    upward = [
        where for importer, imported, where in edges() if LEVEL.get(imported, -1) > LEVEL.get(importer, len(LAYERS))
    ]
    assert upward == []


def test_core_has_no_cycles():
    graph: dict[str, set[str]] = {}
    for importer, imported, _ in edges():
        if imported != importer:
            graph.setdefault(importer, set()).add(imported)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"units of core import each other: {' <- '.join(error.args[1])}")


def test_core_knows_no_plugin():
    named = [path for path in files(CORE) if "paretorec_plugins" in path.read_text(encoding="utf-8")]
    assert named == []


def test_core_and_plugins_are_no_import_names():
    bad = [
        (str(path.relative_to(ROOT)), name)
        for folder in (CORE, PLUGINS)
        for path in files(folder)
        for name in imports(path, package_of(path, folder))
        if name.split(".")[0] in {"core", "plugins"}
    ]
    assert bad == []


def test_core_loads_nothing_heavy_when_it_is_imported():
    # The public API for plugins that use torch, and the compiled loops, are imported by those who need them only.
    needed = ("paretorec.training", "paretorec.judge.kernel", "paretorec.compiled", "paretorec.topk.compiled")
    modules = [
        ".".join((*package_of(path, CORE).split("."), path.stem)).removesuffix(".__init__") for path in files(CORE)
    ]
    light = [name for name in modules if not name.startswith(needed)]
    heavy = ("torch", "pymoo", "numba", "scipy", "matplotlib", "plotly", "sklearn", "paretorec_plugins")
    load = f"import sys, importlib\n[importlib.import_module(name) for name in {light}]"
    code = f"{load}\nprint([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.returncode) == ("[]", 0), done.stderr


def top_level_imports(path: Path) -> Iterator[str]:
    """What runs on import: not what is inside functions or `if TYPE_CHECKING`."""
    pending: list[ast.AST] = list(ast.parse(path.read_text(encoding="utf-8")).body)
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield str(node.module)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            pending.extend(node.orelse)
        else:
            pending.extend(ast.iter_child_nodes(node))


def test_training_is_for_plugins_only():
    assert [where for importer, imported, where in edges() if imported == "training" and importer != "training"] == []


def test_no_plugin_folder_imports_another():
    bad = []
    for path in files(PLUGINS):
        folder = path.relative_to(PLUGINS).parts[0]
        for name in imports(path, package_of(path, PLUGINS)):
            parts = name.split(".")
            if parts[0] == "paretorec_plugins" and parts[1:2] != [folder]:
                bad.append(f"{path.relative_to(ROOT)} imports {name}")
    assert bad == []


def test_a_plugins_entry_module_is_light():
    allowed = {"__future__", "paretorec.contracts"}
    bad = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in sorted(PLUGINS.glob("*/__init__.py"))
        for name in top_level_imports(path)
        if name not in allowed
    ]
    assert bad == []
