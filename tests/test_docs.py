"""README and docs: their code runs, their links lead somewhere, and what is generated is up to date."""

import importlib.util
import io
import re
import shlex
import tomllib
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from paretorec.cli import execute
from paretorec.configfile import load_config, parse_config
from paretorec.contracts import KINDS, ComponentRef
from paretorec.registry import Registry, refresh
from paretorec.registry.settings import read_settings

ROOT = Path(__file__).parents[1]
MAKEFILE = ROOT / "Makefile"
PAGES = (
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    *(f"docs/{path.name}" for path in sorted((ROOT / "docs").glob("*.md"))),
    *(f"docs/kinds/{kind}.md" for kind in KINDS),
)
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """One fenced block of a page."""

    language: str
    code: str

    @property
    def file(self) -> str:
        """The name in a first line such as ``# shop.toml``; empty: the block is no file."""
        found = re.match(r"# ([\w/.]+\.\w+)\n", self.code)
        return found[1] if found else ""


def blocks(page: str) -> list[Block]:
    return [Block(*found) for found in BLOCK.findall((ROOT / page).read_text(encoding="utf-8"))]


def play(page: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """Run a page from top to bottom in `folder`: files are written, Python shares one namespace, commands must exit as
    the page says."""
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(str(folder))
    names: dict[str, object] = {"__name__": page}
    for block in blocks(page):
        if block.file:
            path = folder / block.file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.code, encoding="utf-8")
        elif block.language == "python":
            exec(compile(block.code, page, "exec"), names)
        elif block.language == "console":
            for line in block.code.splitlines():
                command, _, expected = line.removeprefix("$ ").partition("# exit code ")
                with redirect_stdout(io.StringIO()):
                    assert execute(shlex.split(command)[1:]) == int(expected or 0), command
    return names


def script(name: str) -> ModuleType:
    """One of the generators in docs."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "docs" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A folder with the two files that the guide begins with, and a model's scores."""
    store = Registry().build(
        "source", ComponentRef(use="simulated-store", params={"users": 300, "weeks": 20}), "source"
    )
    tables = store.component.load()
    bought = tables.interactions[tables.interactions["click"] == 1]
    purchases = bought[["user_id", "item_id", "time", "sales", "price"]]
    purchases.to_csv(tmp_path / "purchases.csv", index=False)
    tables.items[["item_id", "title", "category", "brand"]].to_csv(tmp_path / "products.csv", index=False)
    pairs = purchases[["user_id", "item_id"]].drop_duplicates()
    scores = pairs.assign(score=np.random.default_rng(0).random(len(pairs)))
    scores.to_csv(tmp_path / "scores.csv", index=False)
    return tmp_path


def test_the_guide_runs(shop, monkeypatch):
    names = play("docs/guide.md", shop, monkeypatch)
    assert set(names["lists"]["user_id"]) == {"u00001", "u00002"}
    assert len(names["table"]) == 2
    assert (shop / "runs" / "shop-refit" / "manifest.json").is_file()


def test_the_guides_registry_file_is_one(shop):
    text = next(block.code for block in blocks("docs/guide.md") if block.file == "registry.toml")
    (shop / "registry.toml").write_text(text)
    settings = read_settings(shop / "registry.toml")
    assert settings.trust.mode == "listed"
    assert settings.choose == {"encoder.transformer": "acme-paretorec"}


def test_plugin_authors_example_runs(tmp_path, monkeypatch):
    names = play("docs/plugin-authors.md", tmp_path, monkeypatch)
    best = max(names["front"].points, key=lambda point: point.select["fresh"])
    assert best.select["fresh"] > names["front"].point("encoder.repeat").select["fresh"]


def test_the_hosts_page_runs(tmp_path, monkeypatch):
    source = 'use = "simulated-store"\nparams = { users = 80, weeks = 12, items = 40 }'
    (tmp_path / "shop.toml").write_text(f"[source]\n{source}\n[search]\nevaluations = 40\n")
    play("docs/hosts.md", tmp_path, monkeypatch)
    assert (tmp_path / "runs" / "locked" / "manifest.json").is_file()
    for block in blocks("docs/hosts.md"):
        if block.language == "toml":
            parse_config(tomllib.loads(block.code), "the hosts page")


def test_the_readme_runs_and_recommends_for_somebody_never_seen(tmp_path, monkeypatch, capsys):
    (tmp_path / "docs").symlink_to(ROOT / "docs")
    names = play("README.md", tmp_path, monkeypatch)
    shop = names["shop"]
    guest = shop.recommend(histories=names["guest"], k=5)
    assert len(guest) == 5
    assert set(guest["basis"]) == {"history"}
    assert set(names["guest"]["guest"]) <= set(shop.item_codes)
    assert (tmp_path / "runs" / "shop" / "manifest.json").is_file()
    assert "u00001" in capsys.readouterr().out


def test_the_readmes_host_code_has_fifteen_lines():
    code = next(block.code for block in blocks("README.md") if block.language == "python" and not block.file)
    assert len([line for line in code.splitlines() if line.strip()]) <= 15


def test_the_readmes_plugin_is_found_by_entry_point_and_runs(tmp_path, monkeypatch):
    module, project = (
        next(block.code for block in blocks("README.md") if block.file == name)
        for name in ("acme_freshness/__init__.py", "pyproject.toml")
    )
    (tmp_path / "acme_freshness").mkdir()
    (tmp_path / "acme_freshness" / "__init__.py").write_text(module)
    info = tmp_path / "acme_freshness-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-freshness\nVersion: 1.0\n")
    groups = tomllib.loads(project)["project"]["entry-points"]
    lines = [
        f"[{group}]\n" + "\n".join(f"{key} = {value}" for key, value in names.items())
        for group, names in groups.items()
    ]
    (info / "entry_points.txt").write_text("\n".join(lines) + "\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    refresh()
    try:
        from paretorec import Engine

        encoders = [{"use": "freshness", "params": {"half_life_days": 20}}, {"use": "repeat"}]
        source = {"use": "simulated-store", "params": {"users": 150, "weeks": 16}}
        engine = Engine({"source": source, "encoders": encoders, "search": {"evaluations": 40}})
        front = engine.run()
        assert "encoder.freshness" in front.points[0].policy["signals"]
        engine.save(tmp_path / "run")
        assert Engine.load(tmp_path / "run").front.points[0] == front.points[0]
    finally:
        monkeypatch.undo()
        refresh()


def test_the_readme_names_every_built_in():
    rows = re.findall(r"^\| (\w+) \| (.*) \|$", (ROOT / "README.md").read_text(), re.MULTILINE)
    told = {kind: set(re.findall(r"`([\w-]+)`", names)) for kind, names in rows if kind in KINDS}
    available = Registry(files=()).available()
    assert told == {kind: {e.name for e in available if e.kind == kind and e.builtin} for kind in KINDS}


@pytest.mark.parametrize("block", [b for b in blocks("docs/guide.md") if b.language == "toml" and not b.file])
def test_the_guides_fragments_are_configurations(block):
    config = parse_config(tomllib.loads(block.code), "the guide")
    for section, kind in (("objectives", "objective"), ("rules", "rule")):
        for ref in getattr(config, section):
            Registry(files=()).build(kind, ref, section)


@pytest.mark.parametrize("path", sorted((ROOT / "docs" / "examples").glob("*.toml")), ids=lambda path: path.stem)
def test_every_example_configuration_is_valid(path):
    config = load_config(path)
    registry = Registry(files=())
    for section, kind in (("encoders", "encoder"), ("objectives", "objective"), ("rules", "rule")):
        for ref in getattr(config, section):
            registry.build(kind, ref, f"{section}.{ref.instance}")
    registry.build("splitter", config.split, "split")
    registry.build("optimizer", config.optimizer, "optimizer")


@pytest.mark.parametrize("page", PAGES)
def test_links_within_the_repository_lead_somewhere(page):
    text = re.sub(r"```.*?```", "", (ROOT / page).read_text(encoding="utf-8"), flags=re.DOTALL)
    for target, anchor in re.findall(r"\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)", text):
        path = (ROOT / page).parent / target if target else ROOT / page
        assert path.exists(), f"{page} links to {target}"
        if anchor:
            headings = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
            slugs = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
            assert anchor in slugs, f"{page} links to {target}#{anchor}"


def test_the_reference_is_what_the_code_says():
    written = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
    reference = script("generate_reference")
    assert written == reference.render(), "run `make reference`"
    pages = {path.stem: path.read_text(encoding="utf-8") for path in reference.KIND_PAGES.glob("*.md")}
    registry = Registry(files=())
    assert pages == {kind: reference.kind_page(registry, kind) for kind in KINDS}, "run `make reference`"


def test_every_configuration_field_is_described():
    for line in (ROOT / "docs" / "reference.md").read_text(encoding="utf-8").splitlines():
        assert not re.match(r"^\| `.*\|\s*\|$", line), f"no description: {line}"


def test_the_results_page_is_what_the_data_says():
    results = script("generate_results")
    assert results.PAGE.read_text(encoding="utf-8") == results.render(), "run `python docs/generate_results.py`"
    assert results.PICTURE.read_text(encoding="utf-8") == results.picture(), "run `python docs/generate_results.py`"


def test_dependency_bounds_are_the_versions_that_the_oldest_environment_has():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    installed = re.findall(r"constraints-oldest.txt \\\s+--editable '.\[([\w,-]+)\]'", MAKEFILE.read_text())
    wanted = [*project["dependencies"], *(line for name in installed[0].split(",") for line in extras[name])]
    bounds = dict(re.match(r"([\w-]+)>=([\d.]+)", line).groups() for line in wanted)
    lines = (ROOT / "constraints-oldest.txt").read_text().splitlines()
    tested = dict(line.split("==") for line in lines if line and not line.startswith("#"))

    def plain(version: str) -> str:
        return re.sub(r"(\.0)+$", "", version)

    assert {name: plain(version) for name, version in bounds.items()} == {
        name: plain(version) for name, version in tested.items()
    }


def test_no_path_of_a_machine_is_in_the_docs():
    for page in (*PAGES, "docs/results/index.md", "Makefile", "pyproject.toml"):
        assert not re.search(r"(?<![\w.])/(work|home|root|tmp|Users)/", (ROOT / page).read_text(encoding="utf-8")), page
