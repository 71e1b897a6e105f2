from __future__ import annotations

import sys
import tomllib
from importlib.metadata import distributions

import pytest

from paretorec.contracts import ComponentRef
from paretorec.errors import ComponentDenied, LockMismatch, PluginError
from paretorec.registry import Registry, RegistrySettings
from paretorec.registry.choose import select
from paretorec.registry.discovery import Candidate
from paretorec.registry.lock import fingerprint, lock, to_toml
from paretorec.registry.settings import Locked, Trust, read_settings


@pytest.fixture
def acme(site):
    """A distribution with a RECORD, and the settings that lock it."""
    site.plugin("acme_rnn")
    site.record(site.folder / "acme_rnn-1.0.dist-info", "acme_rnn")
    return RegistrySettings(lock=lock(["Acme_Rnn"]))


def test_a_lock_names_version_and_files_of_what_is_used_and_of_the_built_ins(acme):
    assert set(acme.lock) == {"acme-rnn", "paretorec"}
    assert acme.lock["acme-rnn"].version == "1.0"
    assert len(acme.lock["acme-rnn"].record) == 64


def test_what_is_as_locked_is_used(site, acme):
    registry = site.registry(acme)
    assert [entry.state for entry in registry.available()] == ["ready"]
    assert registry.build("encoder", ComponentRef(use="rnn")).component.width == 8


@pytest.mark.parametrize("use", ["rnn", "acme-rnn/rnn"])
def test_another_version_is_refused_before_it_is_imported(site, acme, use):
    settings = RegistrySettings(lock={**acme.lock, "acme-rnn": Locked(version="0.9")})
    registry = site.registry(settings)
    assert [entry.state for entry in registry.available()] == ["differs"]
    with pytest.raises(LockMismatch, match=r"\[lock\] wants acme-rnn 0\.9, installed is 1\.0: pip install"):
        registry.resolve("encoder", use, "encoders.rnn")
    assert "acme_rnn" not in sys.modules


def test_a_changed_file_and_a_changed_record_are_refused_before_they_are_imported(site, acme):
    module = site.folder / "acme_rnn.py"
    module.write_text(module.read_text() + "# changed\n")
    with pytest.raises(LockMismatch, match=r"its file acme_rnn\.py is not what its RECORD says"):
        site.registry(acme).resolve("encoder", "rnn")
    site.record(site.folder / "acme_rnn-1.0.dist-info", "acme_rnn")
    with pytest.raises(LockMismatch, match="its RECORD has changed since; pip install --force-reinstall 'acme-rnn==1"):
        site.registry(acme).resolve("encoder", "rnn")
    module.unlink()
    assert "acme_rnn" not in sys.modules


def test_a_file_that_is_gone_is_a_change(site, acme):
    (site.folder / "acme_rnn.py").unlink()
    with pytest.raises(LockMismatch, match=r"its file acme_rnn\.py is not"):
        site.registry(acme).resolve("encoder", "rnn")


def test_one_wheel_has_one_fingerprint_whoever_installed_it(site, acme):
    info = site.folder / "acme_rnn-1.0.dist-info"
    text = (info / "RECORD").read_text()
    lines = [line for line in text.splitlines() if not line.startswith(("..", "__pycache__"))]
    (info / "RECORD").write_text("\n".join(reversed(lines)))
    site.registry(acme).resolve("encoder", "rnn")
    (found,) = distributions(name="acme-rnn", path=[str(site.folder)])
    assert fingerprint(found) == acme.lock["acme-rnn"].record


def test_an_editable_installation_is_locked_by_its_version(site, acme):
    info = site.folder / "acme_rnn-1.0.dist-info"
    (info / "direct_url.json").write_text('{"url": "file:///x", "dir_info": {"editable": true}}')
    assert lock(["acme-rnn"])["acme-rnn"] == Locked(version="1.0")
    with pytest.raises(LockMismatch, match="its RECORD has changed"):
        site.registry(acme).resolve("encoder", "rnn")


def test_what_the_lock_does_not_name_is_not_used(site, acme):
    site.plugin("second_rnn")  # as if it was installed after the lock was written: it neither wins nor disturbs
    registry = site.registry(acme)
    assert {entry.distribution: entry.state for entry in registry.available()} == {
        "acme-rnn": "ready",
        "second-rnn": "unlocked",
    }
    assert registry.resolve("encoder", "rnn").provenance.distribution == "acme-rnn"
    with pytest.raises(ComponentDenied, match=r"is unlocked: \[lock\] does not name second-rnn: write the lock again"):
        registry.resolve("encoder", "second-rnn/rnn")


@pytest.mark.parametrize("ours", [Locked(version="0.9"), None])
def test_a_built_in_that_is_not_as_locked_does_not_leave_its_name_to_another(ours):
    candidates = [
        Candidate("encoder", "transformer", "paretorec", "1.0", "ours"),
        Candidate("encoder", "transformer", "acme", "2.0", "acme"),
    ]
    names = {"acme": Locked(version="2.0")} | ({"paretorec": ours} if ours else {})
    with pytest.raises(LockMismatch, match=r"paretorec 1\.0 \(ours\) is not as locked"):
        select("encoder", "transformer", candidates, RegistrySettings(lock=names))


def test_what_is_not_installed_cannot_be_locked():
    with pytest.raises(PluginError, match="gone-paretorec is not installed, so it cannot be locked"):
        lock(["gone-paretorec"])


def test_a_lock_is_a_registry_file_and_replaces_the_one_below_it(tmp_path, acme):
    settings = RegistrySettings(
        defaults={"encoder": "rnn"},
        trust=Trust(mode="listed", allow={"acme-rnn": ">=1"}, deny={"old": 'a "quoted" reason\\'}),
        choose={"encoder.rnn": "acme-rnn"},
        lock=acme.lock,
    )
    path = tmp_path / "lock.toml"
    path.write_text(to_toml(settings), encoding="utf-8")
    assert read_settings(path) == settings
    assert tomllib.loads(path.read_text())["schema"] == 1
    relaxed = Registry((), files=[path], settings=RegistrySettings(lock={})).settings
    assert relaxed.lock == {}
    assert Registry((), files=[path]).settings.lock == acme.lock
