"""The host applications of docs/examples/hosts run as written, and are typed as strictly as mypy can ask for."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from fake_site import Site

from paretorec.registry import RegistrySettings
from paretorec.registry.discovery import scan

ROOT = Path(__file__).resolve().parents[1]
HOSTS = ROOT / "docs" / "examples" / "hosts"
PLUGINS = ROOT / "docs" / "examples" / "plugins"


def host(name: str) -> ModuleType:
    """The module of an example, imported from its file."""
    spec = importlib.util.spec_from_file_location(f"host_{name}", HOSTS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def pycma(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The example optimizer, as if it was installed."""
    site = Site(tmp_path)
    site.install("paretorec-pycma", {"optimizer": {"cma-es": "paretorec_pycma"}}, "1.0.0")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.syspath_prepend(PLUGINS / "pycma-optimizer" / "src")
    scan.cache_clear()
    yield
    scan.cache_clear()


def test_there_is_an_example_for_each_test():
    assert {path.stem for path in HOSTS.glob("*.py")} == {
        "plain_script",
        "own_objective",
        "builtins_only",
        "from_sqlite",
        "fastapi_app",
    }


def test_a_plain_script(capsys):
    lists = host("plain_script").main()
    assert list(lists["rank"]) == [1, 2, 3, 4, 5] * 2
    assert capsys.readouterr().out.strip()


def test_an_objective_of_the_hosts_own():
    front = host("own_objective").main()
    margins = [point.select["margin"] for point in front.points]
    assert max(margins) > min(margins) > 0
    assert "objective.margin" in front.points[0].policy["signals"]
    from paretorec import Registry
    from paretorec.errors import ComponentNotFound

    with pytest.raises(ComponentNotFound):
        Registry().resolve("objective", "margin")


def test_built_ins_only(pycma, capsys):
    assert host("builtins_only").main() == ["untrusted"]
    out = capsys.readouterr().out
    assert "optimizer 'cma-es' of paretorec-pycma 1.0.0 (paretorec_pycma) is untrusted" in out
    assert "paretorec_pycma" not in sys.modules


def test_tables_from_sqlite_through_sqlalchemy(tmp_path):
    sa = pytest.importorskip("sqlalchemy", reason="SQLAlchemy is not installed: pip install 'paretorec[sql]'")
    log = host("plain_script").log()
    names = {"user_id": "customer", "item_id": "product", "time": "bought_at"}
    products = log[["item_id"]].drop_duplicates().assign(department=lambda table: table["item_id"].str[-1])
    url = f"sqlite:///{tmp_path / 'shop.db'}"
    database = sa.create_engine(url)
    log.assign(amount=2.5).rename(columns=names).to_sql("purchases", database, index=False)
    products.rename(columns=names).to_sql("products", database, index=False)
    front = host("from_sqlite").main(url, since="2026-01-10")
    assert {objective.name for objective in front.objectives} == {"relevance", "sales"}


def test_a_web_service_with_two_engines_that_choose_different_plugins(pycma):
    pytest.importorskip("fastapi", reason="fastapi is not installed: pip install fastapi httpx")
    pytest.importorskip("httpx", reason="httpx is not installed: pip install fastapi httpx")
    from fastapi.testclient import TestClient

    module = host("fastapi_app")
    config = {**module.SHOP, "optimizer": {"use": "cma-es"}, "search": {"evaluations": 40}}
    chosen = RegistrySettings(choose={"optimizer.cma-es": "paretorec-pycma"})
    seen: dict[str, str] = {}
    original = module.recommender

    def recommender(config, settings):
        made = original(config, settings)
        optimizer = made.registry.resolve("optimizer", "cma-es").provenance.distribution
        seen[optimizer] = made.policy.bundle
        return made

    module.recommender = recommender
    with TestClient(module.create_app({"ours": (config, RegistrySettings()), "theirs": (config, chosen)})) as client:
        answers = {shop: client.get(f"/{shop}/users/u0001?k=3").json() for shop in ("ours", "theirs")}
        assert all(len(answer) == 3 and {"item", "score"} == set(answer[0]) for answer in answers.values())
        assert client.get("/neither/users/u0001").status_code == 404
    assert set(seen) == {"paretorec", "paretorec-pycma"}


def test_hosts_and_plugins_are_typed_strictly(tmp_path):
    pytest.importorskip("mypy", reason="mypy is not installed: pip install 'paretorec[dev]'")
    files = [path for path in sorted(HOSTS.glob("*.py")) if path.stem != "fastapi_app" or has_fastapi()]
    files += sorted(PLUGINS.rglob("src/**/*.py"))
    config = tmp_path / "mypy.ini"
    config.write_text(
        "[mypy]\nstrict = true\nexplicit_package_bases = true\n"
        "[mypy-cma.*,sklearn.*,scipy.*]\nignore_missing_imports = true\n"
    )
    sources = [*sorted(PLUGINS.glob("*/src")), ROOT / "core", ROOT / "plugins", HOSTS]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", f"--config-file={config}", f"--cache-dir={tmp_path}", *map(str, files)],
        cwd=ROOT,
        env={**os.environ, "MYPYPATH": os.pathsep.join(map(str, sources))},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def has_fastapi() -> bool:
    return importlib.util.find_spec("fastapi") is not None
