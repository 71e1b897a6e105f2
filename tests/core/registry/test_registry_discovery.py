from __future__ import annotations

import sys
from itertools import permutations

import pytest

from paretorec.errors import PluginLoadError
from paretorec.registry import Candidate, Registry, refresh
from paretorec.registry.discovery import canonical, find


def test_names_and_provenance_are_known_before_anything_is_imported(site):
    site.module("explodes", "raise SystemExit('imported')")
    site.install("acme-paretorec", {"encoder": {"rnn": "explodes"}, "policy": {"mixed": "explodes"}}, "2.1")

    assert site.candidates() == (
        Candidate("encoder", "rnn", "acme-paretorec", "2.1", "explodes"),
        Candidate("policy", "mixed", "acme-paretorec", "2.1", "explodes"),
    )
    assert [entry.state for entry in site.registry().available()] == ["ready", "ready"]
    assert "explodes" not in sys.modules


def test_order_of_installation_does_not_matter(site):
    for name in ("b-plugin", "a-plugin", "c-plugin"):
        site.install(name, {"encoder": {"rnn": name.replace("-", "_")}})
    from importlib.metadata import distributions

    installed = list(distributions(path=[str(site.folder)]))
    assert len({find(order) for order in permutations(installed)}) == 1


def test_other_groups_are_ignored(site):
    site.install("acme", {"encoder": {"rnn": "acme"}})
    (site.folder / "acme-1.0.dist-info" / "entry_points.txt").write_text(
        "[console_scripts]\nacme = acme:main\n[paretorec.encoders]\nrnn = acme\n"
    )
    assert [candidate.name for candidate in site.candidates()] == ["rnn"]


def test_a_half_removed_distribution_is_shown_and_disturbs_nobody(site):
    left = site.install("acme", {"encoder": {"rnn": "acme", "lstm": "acme"}}, "0.9")
    (left / "METADATA").unlink()
    site.plugin("acme_rnn")
    assert {(c.name, c.distribution) for c in site.candidates()} == {
        ("rnn", "acme-rnn"),
        ("rnn", "(no metadata)"),
        ("lstm", "(no metadata)"),
    }
    registry = site.registry()
    assert {(e.name, e.distribution): e.state for e in registry.available()} == {
        ("rnn", "acme-rnn"): "ready",
        ("rnn", "(no metadata)"): "broken",
        ("lstm", "(no metadata)"): "broken",
    }
    assert registry.resolve("encoder", "rnn").provenance.distribution == "acme-rnn"
    with pytest.raises(PluginLoadError, match="is broken: its distribution is half removed: `paretorec doctor`"):
        registry.resolve("encoder", "lstm")


def test_what_is_left_of_an_old_version_does_not_hide_the_new_one(site):
    (site.install("acme-rnn", {"encoder": {"old": "acme_old"}}, "0.9") / "METADATA").unlink()
    site.plugin("acme_rnn")
    assert site.registry().resolve("encoder", "rnn").provenance.version == "1.0"


def test_refresh_sees_what_was_installed_later_and_a_registry_keeps_what_it_saw(site):
    refresh()
    before = Registry(files=())
    site.plugin("late_plugin", name="late")
    assert not [candidate for candidate in Registry(files=()).candidates if candidate.name == "late"]
    assert [candidate for candidate in refresh() if candidate.name == "late"]
    assert [candidate for candidate in Registry(files=()).candidates if candidate.name == "late"]
    assert not [candidate for candidate in before.candidates if candidate.name == "late"]


@pytest.fixture(autouse=True)
def _forget():
    yield
    refresh()


@pytest.mark.parametrize("written", ["Acme_ParetoRec", "acme.paretorec", "ACME--paretorec"])
def test_distributions_are_compared_as_pep_503_says(written):
    assert canonical(written) == "acme-paretorec"


def test_built_ins_are_found_like_anybody(site):
    found = [candidate for candidate in Registry(files=()).candidates if candidate.builtin]
    assert {"encoder", "optimizer", "objective"} <= {candidate.kind for candidate in found}
    assert not site.candidates()
