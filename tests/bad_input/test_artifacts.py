"""Saved runs that are damaged, of other versions, of absent plugins, or of another protocol."""

import json
import shutil

import pytest

from paretorec import ComponentRef, Engine, Recommender, Registry
from paretorec.contracts import ComponentSpec
from paretorec.errors import ArtifactError

PLUGIN = """
from paretorec.contracts import ComponentSpec, hookimpl

@hookimpl
def paretorec_encoders():
    return [
        ComponentSpec(
            name=name,
            factory="paretorec_plugins.frequency.popularity:PopularityEncoder",
            config="paretorec_plugins.frequency.popularity:PopularityConfig",
            summary="Test",
            needs=needs,
        )
        for name, needs in (("acme", ()), ("acme-gpu", ("acme_kernels",)))
    ]
"""


@pytest.fixture
def copy(certified, tmp_path):
    """(a shell, the path of a copy of the finished run in its folder)."""
    folder = tmp_path / "run"
    shutil.copytree(certified.folder / "run", folder)
    return type(certified)(tmp_path), folder


def change_manifest(folder, change):
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    change(manifest)
    path.write_text(json.dumps(manifest))


def of_encoder(**entry):
    def change(manifest):
        for component in manifest["components"]:
            if component["instance"] == "item-knn":
                component.update(entry)

    return change


@pytest.mark.parametrize("name", ["states/encoder-item-knn.safetensors", "data/items.parquet", "config.json"])
def test_a_truncated_or_altered_file_is_named(copy, name):
    shell, folder = copy
    whole = (folder / name).read_bytes()
    (folder / name).write_bytes(whole[: len(whole) // 2])
    shell("recommend", "run", "--users", "1").refused(f"run/{name} is damaged", "run again or restore")
    with pytest.raises(ArtifactError, match="is damaged"):
        Recommender.load(folder)
    (folder / name).write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(ArtifactError, match="checksum differs"):
        Recommender.load(folder)
    (folder / name).unlink()
    with pytest.raises(ArtifactError, match="is missing"):
        Recommender.load(folder)


@pytest.mark.parametrize(
    ("content", "fragment"),
    [
        (None, "manifest.json does not exist"),
        ("", "manifest.json is damaged"),
        ('{"schema": 1', "manifest.json is damaged"),
        ("[]", "manifest.json is not the manifest"),
        ('{"schema": 1}', "manifest.json is not the manifest"),
        ('{"schema": "1", "files": {}}', "manifest.json is not the manifest"),
    ],
)
def test_a_manifest_that_is_none_is_named(copy, content, fragment):
    _, folder = copy
    if content is None:
        (folder / "manifest.json").unlink()
    else:
        (folder / "manifest.json").write_text(content)
    with pytest.raises(ArtifactError, match=fragment):
        Recommender.load(folder)


def test_a_newer_schema_another_version_and_an_absent_plugin_are_refused(copy):
    shell, folder = copy
    change_manifest(folder, lambda manifest: manifest.update(schema=2))
    shell("front", "run").refused("run has schema 2", "reads up to 1", "upgrade paretorec")
    change_manifest(folder, lambda manifest: manifest.update(schema=1))
    change_manifest(folder, of_encoder(version="99.0"))
    shell("recommend", "run", "--users", "1").refused("encoder 'item-knn'", "99.0", "pip install 'paretorec==99.0'")
    change_manifest(folder, of_encoder(distribution="acme", name="knn", version="1.0"))
    shell("recommend", "run", "--users", "1").refused("encoder 'knn' of acme 1.0", "pip install 'acme==1.0'")


def test_what_is_no_run_is_refused(shell):
    shell("front", "nowhere").refused("nowhere does not exist", "paretorec run")
    (shell.folder / "photos").mkdir()
    shell("front", "photos").refused("photos/manifest.json does not exist", "finished run")


def test_policy_files_that_are_none_are_named(copy):
    shell, folder = copy
    shell.write("half.json", (folder / "frozen.json").read_text()[:40])
    shell.write("other.json", '{"schema": 1, "kind": "paretorec/linear"}')
    shell("recommend", "run", "--users", "1", "--policy", "none.json").refused("none.json does not exist", "--save")
    shell("recommend", "run", "--users", "1", "--policy", "half.json").refused("half.json is damaged")
    shell("recommend", "run", "--users", "1", "--policy", "other.json").refused("other.json", "parameters", "--save")
    foreign = json.loads((folder / "frozen.json").read_text())[0] | {"bundle": "of-another-run"}
    shell.write("foreign.json", json.dumps(foreign))
    answer = shell("recommend", "run", "--users", "1", "--policy", "foreign.json")
    answer.refused("bundle of-another-run", "pick a policy of this run")


def test_a_plugin_that_is_gone_or_lacks_a_dependency_says_what_to_install(shell, log):
    site = shell.folder / "site"
    info = site / "acme_rec-1.5.dist-info"
    info.mkdir(parents=True)
    (site / "acme_rec.py").write_text(PLUGIN)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-rec\nVersion: 1.5\n")
    (info / "entry_points.txt").write_text("[paretorec.encoders]\nacme = acme_rec\nacme-gpu = acme_rec\n")
    shell.write("log.csv", log)
    shell.configure(more='[[encoders]]\nuse = "acme-gpu"')
    answer = shell("run", "run.toml", "--out", "out", PYTHONPATH=str(site))
    answer.refused("encoder 'acme-gpu' needs acme_kernels", "pip install 'acme-kernels'")

    shell.configure(more='[[encoders]]\nuse = "acme"')
    assert shell("run", "run.toml", "--out", "out", PYTHONPATH=str(site)).code == 0
    assert shell("recommend", "out", "--users", "1", PYTHONPATH=str(site)).code == 0
    shell("recommend", "out", "--users", "1").refused("encoder 'acme' of acme-rec 1.5", "pip install 'acme-rec==1.5'")
    shell("run", "run.toml", "--out", "again").refused("encoders.acme.use: there is no encoder 'acme'")


def test_a_component_of_the_host_itself_is_asked_back_from_the_host(log, tmp_path):
    spec = ComponentSpec(
        name="own",
        factory="paretorec_plugins.frequency.popularity:PopularityEncoder",
        config="paretorec_plugins.frequency.popularity:PopularityConfig",
        summary="Test",
    )
    registry = Registry()
    registry.add("encoder", spec)
    config = {"encoders": [ComponentRef(use="own")], "search": {"evaluations": 10}, "certify": {"resamples": 200}}
    engine = Engine(config, registry=registry)
    engine.run(interactions=log)
    engine.save(tmp_path / "run")
    with pytest.raises(ArtifactError, match=r"encoder 'own' of a host application; registry\.add\('encoder', spec\)"):
        Engine.load(tmp_path / "run")
    assert len(Engine.load(tmp_path / "run", registry=registry).serve().recommend(users=["1"], k=3)) == 3


def test_runs_of_other_protocols_are_not_drawn_together(certified, shell, log):
    shell.write("log.csv", log)
    shell.configure(top="k = 5")
    assert shell("run", "run.toml", "--out", "out").code == 0
    before = (shell.folder / "out" / "report.html").read_bytes()
    answer = shell("report", "out", "--versus", certified.folder / "run")
    answer.refused("protocols differ", "k", "run both with the same")
    assert (shell.folder / "out" / "report.html").read_bytes() == before


def test_results_that_cannot_be_written_are_refused(certified, shell):
    shell.write("file", "")
    run = certified.folder / "run"
    shell("pick", run, "--maximize", "novelty", "--save", "file/policy.json").refused(
        "file/policy.json cannot be written"
    )
    shell("refit", run, "--out", "file/run").refused("cannot write into file")
