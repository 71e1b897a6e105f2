"""What is built is what runs: the wheel, an installation of it outside the repository, and a third party beside it."""

from __future__ import annotations

import json
import os
import subprocess
import zipfile
from pathlib import Path

import pytest
from environments import Environment, build

from paretorec.registry.settings import packaged_file

ROOT = Path(__file__).parents[1]
ACME = ROOT / "tests" / "distributions" / "acme_paretorec"

CHOICE = 'choose."optimizer.nsga2" = "acme-paretorec"\n'
"""The one line that puts Acme's optimizer in the built-in's place."""


def test_an_editable_installation_reads_the_repositorys_own_file():
    file = packaged_file()
    if "site-packages" in file.parts:
        pytest.skip("paretorec is not installed in editable mode here")
    assert file == ROOT / "registry.toml"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(ROOT, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory, wheel: Path) -> Environment:
    made = Environment(tmp_path_factory.mktemp("environment"))
    made.install(wheel)
    return made


@pytest.fixture(scope="module")
def acme(environment: Environment, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """The same environment with Acme's distribution in it, and a registry.toml of one line."""
    environment.install(build(ACME, tmp_path_factory.mktemp("acme")))
    (environment.folder / "acme.toml").write_text(CHOICE)
    return environment


@pytest.mark.install
def test_the_wheel_holds_the_two_packages_and_registry_toml_and_nothing_else(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        shipped = archive.read("paretorec/registry/registry.toml").decode()
    top = {name.split("/")[0] for name in names}
    assert {name for name in top if not name.endswith(".dist-info")} == {"paretorec", "paretorec_plugins"}
    assert shipped == (ROOT / "registry.toml").read_text()
    assert {"paretorec/py.typed", "paretorec_plugins/py.typed"} <= set(names)
    assert [name for name in names if "__pycache__" in name or "test" in name.lower().split("/")[-1]] == []


@pytest.mark.install
def test_it_works_outside_the_repository_with_the_packaged_registry_file(environment):
    listed = environment.paretorec("plugins", "list", "--json")
    assert (listed.returncode, listed.stderr) == (0, "")
    entries = json.loads(listed.stdout)
    assert {entry["name"] for entry in entries if entry["kind"] == "optimizer"} >= {"random", "pso", "smpso", "nsga2"}
    where = environment.call("-c", "from paretorec.registry.settings import packaged_file; print(packaged_file())")
    assert str(environment.folder / "venv") in where.stdout
    assert where.stdout.strip().endswith(os.path.join("paretorec", "registry", "registry.toml"))
    script = environment.python.with_name("paretorec")
    assert subprocess.run([str(script), "--version"], capture_output=True, check=False).returncode == 0


@pytest.mark.install
def test_doctor_finds_the_installation_healthy(environment):
    checked = environment.paretorec("doctor", "--json")
    assert json.loads(checked.stdout)["faults"] == []
    assert checked.returncode == 0


@pytest.mark.install
def test_a_third_party_adds_an_encoder_and_one_line_replaces_an_optimizer(acme):
    def entries(**environment: str) -> dict[tuple[str, str], tuple[str, bool]]:
        listed = acme.paretorec("plugins", "list", "--json", **environment)
        assert listed.returncode == 0, listed.stderr
        return {(e["name"], e["distribution"]): (e["state"], e["default"]) for e in json.loads(listed.stdout)}

    installed = entries()
    assert installed["next-item", "acme-paretorec"] == ("ready", False)
    assert installed["nsga2", "paretorec"] == ("ready", True)
    assert installed["nsga2", "acme-paretorec"] == ("shadowed", False)
    chosen = entries(PARETOREC_REGISTRY=str(acme.folder / "acme.toml"))
    assert chosen["nsga2", "paretorec"] == ("shadowed", False)
    assert chosen["nsga2", "acme-paretorec"] == ("ready", True)
    shown = json.loads(acme.paretorec("--registry", "acme.toml", "plugins", "show", "nsga2", "--json").stdout)
    assert shown["distribution"] == "acme-paretorec"


@pytest.mark.install
def test_the_line_without_the_distribution_is_an_error_that_names_it(environment, tmp_path):
    gone = tmp_path / "gone.toml"
    gone.write_text('choose."optimizer.nsga2" = "gone-paretorec"\n')
    shown = environment.paretorec("--registry", str(gone), "plugins", "show", "optimizer.nsga2")
    assert shown.returncode == 2
    assert "pip install gone-paretorec" in shown.stderr


STORE = """
k = 5
[source]
use = "simulated-store"
params = { users = 150, items = 60, weeks = 16 }
[[encoders]]
use = "popularity"
[[encoders]]
use = "next-item"
[[objectives]]
use = "relevance"
[[objectives]]
use = "diversity"
[optimizer]
use = "nsga2"
[search]
evaluations = 60
"""


@pytest.mark.install
def test_a_run_outside_the_repository_searches_with_what_the_line_names(acme):
    (acme.folder / "store.toml").write_text(STORE)
    ran = acme.paretorec("--registry", "acme.toml", "run", "store.toml", "--out", "run", "--json")
    assert ran.returncode == 0, ran.stderr
    manifest = json.loads((acme.folder / "run" / "manifest.json").read_text())
    used = {(entry["kind"], entry["name"]): entry for entry in manifest["components"]}
    assert used["optimizer", "nsga2"]["class"] == "EvolutionStrategy"
    assert used["encoder", "next-item"]["distribution"] == "acme-paretorec"
    assert used["encoder", "popularity"]["distribution"] == "paretorec"
    front = json.loads(ran.stdout)
    assert {"encoder.popularity", "encoder.next-item"} <= {baseline["id"] for baseline in front["baselines"]}
    # What ran is written down, so that the run can be used without the line.
    served = acme.paretorec("recommend", "run", "--history", "i0001,i0002", "-k", "3", "--json")
    assert served.returncode == 0, served.stderr
    assert len(json.loads(served.stdout)) == 3


@pytest.mark.install
def test_a_run_of_the_built_ins_works_outside_the_repository(environment):
    (environment.folder / "plain.toml").write_text(STORE.replace("next-item", "repeat"))
    ran = environment.paretorec("run", "plain.toml", "--out", "plain", "--json")
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout)["points"]
