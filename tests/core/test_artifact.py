"""Artifacts: whole or not at all, and every damage is named."""

import json

import numpy as np
import pytest

from paretorec.artifact import (
    MANIFEST,
    open_partial,
    partial,
    publish,
    read_arrays,
    read_state,
    seal,
    unseal,
    write_atomic,
    write_json,
    write_state,
)
from paretorec.contracts import State
from paretorec.errors import ArtifactError, ConfigError


@pytest.fixture
def run(tmp_path):
    folder = tmp_path / "run"
    write_state(folder / "states", "encoder", State({"a": np.arange(6.0).reshape(2, 3)}, {"width": 3}))
    write_json(folder / "front.json", {"points": []})
    seal(folder, {"bundle": "b"})
    return folder


def test_a_sealed_folder_opens_and_gives_its_state_back(run):
    assert unseal(run)["bundle"] == "b"
    state = read_state(run / "states", "encoder")
    assert state.meta == {"width": 3}
    assert np.array_equal(state.arrays["a"], np.arange(6.0).reshape(2, 3))


@pytest.mark.parametrize("cut", [0, 1, 20])
def test_a_truncated_file_is_named(run, cut):
    path = run / "states" / "encoder.safetensors"
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(ArtifactError, match=r"encoder\.safetensors is damaged"):
        unseal(run)
    with pytest.raises(ArtifactError, match=r"encoder\.safetensors is damaged"):
        read_arrays(path)


def test_a_missing_file_a_newer_schema_and_no_run_are_named(run, tmp_path):
    (run / "front.json").unlink()
    with pytest.raises(ArtifactError, match=r"front\.json is missing"):
        unseal(run)
    manifest = json.loads((run / MANIFEST).read_text())
    (run / MANIFEST).write_text(json.dumps(manifest | {"schema": 99}))
    with pytest.raises(ArtifactError, match=r"schema 99.*upgrade paretorec"):
        unseal(run)
    with pytest.raises(ArtifactError, match="does not exist"):
        unseal(tmp_path / "nowhere")


def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path):
    path = tmp_path / "x.json"
    write_json(path, 1)

    def fail(temporary):
        temporary.write_text("half")
        raise OSError("disk full")

    with pytest.raises(ArtifactError, match=r"x\.json cannot be written: disk full"):
        write_atomic(path, fail)
    assert path.read_text() == "1\n"
    assert [p.name for p in tmp_path.iterdir()] == ["x.json"]


def test_a_run_replaces_an_earlier_run_but_never_something_else(run, tmp_path):
    folder = open_partial(run, resume=False)
    assert folder == partial(run)
    write_json(folder / "front.json", {"points": [1]})
    seal(folder, {"bundle": "c"})
    publish(run)
    assert unseal(run)["bundle"] == "c"
    assert not partial(run).exists()
    other = tmp_path / "photos"
    other.mkdir()
    with pytest.raises(ConfigError, match="photos exists and is not a run"):
        open_partial(other, resume=False)
    with pytest.raises(ArtifactError, match="nothing to resume"):
        open_partial(tmp_path / "new", resume=True)
