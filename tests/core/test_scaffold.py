"""What `paretorec plugins new` writes passes its own tests, ruff, mypy and the conformance kit as written."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from paretorec.cli import execute
from paretorec.contracts import GROUPS, KINDS
from paretorec.errors import ConfigError
from paretorec.scaffold.kinds import SCAFFOLDS
from paretorec.scaffold.package import contents, write_package

ROOT = Path(__file__).resolve().parents[2]


def install(package: Path, site: Path) -> None:
    """What pip would write of a package that is installed from where it lies."""
    project = tomllib.loads((package / "pyproject.toml").read_text())["project"]
    info = site / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    lines = []
    for group, points in project["entry-points"].items():
        lines += [f"[{group}]", *(f"{name} = {module}" for name, module in points.items())]
    (info / "entry_points.txt").write_text("\n".join(lines))


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One package of each kind, as if all were installed."""
    folder = tmp_path_factory.mktemp("new")
    made = {kind: write_package(f"acme-{kind}", kind, folder) for kind in KINDS}
    for package in made.values():
        install(package, folder / "site")
    return made


def python(packages: dict[str, Path], *arguments: str) -> subprocess.CompletedProcess[str]:
    folder = next(iter(packages.values())).parent
    path = [folder / "site", *(package / "src" for package in packages.values())]
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, path)), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_there_is_a_package_for_every_kind():
    assert set(SCAFFOLDS) == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_a_package_is_small_and_complete(kind):
    files = contents("acme-thing", kind)
    assert set(files) == {
        "pyproject.toml",
        "README.md",
        ".github/workflows/tests.yml",
        "src/acme_thing/__init__.py",
        "src/acme_thing/py.typed",
        f"src/acme_thing/{kind}.py",
        "tests/test_acme_thing.py",
    }
    assert tomllib.loads(files["pyproject.toml"])["project"]["entry-points"][GROUPS[kind]] == {
        "acme-thing": "acme_thing"
    }
    assert not any(
        "${" in text and "{WORLD}" not in text and "VARIABLE" not in text
        for text in files.values()
        if "matrix" not in text
    )
    assert len(files[f"src/acme_thing/{kind}.py"].splitlines()) < 100


@pytest.mark.parametrize("name", ["a", "acme-recommender-plugin", "x2-y3"])
def test_ruff_finds_nothing_whatever_the_name(name, tmp_path):
    for kind in KINDS:
        package = write_package(f"{name}-{kind}"[:30].rstrip("-"), kind, tmp_path)
        assert package.is_dir()
    for arguments in (["check"], ["format", "--check", "--diff"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *arguments, "--no-cache", "."],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_mypy_strict_finds_nothing(packages):
    config = ["--strict", "--explicit-package-bases", f"--cache-dir={ROOT / '.mypy_cache'}"]
    sources = [str(path) for package in packages.values() for path in sorted((package / "src").rglob("*.py"))]
    tests = [str(path) for package in packages.values() for path in sorted((package / "tests").rglob("*.py"))]
    environment = os.pathsep.join(str(package / "src") for package in packages.values())
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *config, *sources, *tests],
        cwd=ROOT,
        env={**os.environ, "MYPYPATH": f"{environment}:core:plugins"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_their_own_tests_pass(packages):
    tests = [str(package / "tests") for package in packages.values()]
    done = python(packages, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_command_writes_a_package_that_the_kit_finds_nothing_in(tmp_path, capsys):
    assert execute(["plugins", "new", "acme-gru", "--kind", "encoder", "--out", str(tmp_path), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["folder"] == str(tmp_path / "acme-gru")
    assert "src/acme_gru/encoder.py" in document["files"]
    install(tmp_path / "acme-gru", tmp_path / "site")
    checked = python({"encoder": tmp_path / "acme-gru"}, "-m", "paretorec", "plugins", "check", "acme-gru", "--json")
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize("name", ["", "Acme", "acme_gru", "acme--gru", "acme-", "2gru", "json", "class", "paretorec-x"])
def test_a_name_that_cannot_be_one_is_refused(name, tmp_path):
    with pytest.raises(ConfigError, match="a plugin cannot be called"):
        write_package(name, "encoder", tmp_path)
    assert not list(tmp_path.iterdir())


def test_nothing_is_overwritten(tmp_path, capsys):
    (tmp_path / "acme-gru").mkdir()
    with pytest.raises(ConfigError, match="exists; choose another name, or another place with --out"):
        write_package("acme-gru", "encoder", tmp_path)
    assert execute(["plugins", "new", "acme-gru", "--kind", "encodr", "--out", str(tmp_path)]) == 2
    assert "did you mean 'encoder'?" in capsys.readouterr().err
