from __future__ import annotations

import json
import sys

from paretorec.registry import Candidate, RegistrySettings, Trust
from paretorec.registry.diagnose import diagnose


def problems(site, settings=None) -> list[str]:
    quiet = RegistrySettings(defaults={})
    found = diagnose(site.registry(settings or quiet))
    packaged = ("there is no ",)  # the packaged defaults name built-ins, which these registries do not see
    return [fault.problem for fault in found.faults if not fault.problem.startswith(packaged)]


def test_failures_are_values_and_one_hides_no_other(site):
    site.plugin("bad_a", "import nowhere_to_be_found", name="a")
    site.plugin("bad_b", "raise SystemExit(1)", name="b")
    site.plugin("good")
    found = diagnose(site.registry())
    assert found.checked == 3
    broken = [fault for fault in found.faults if fault.distribution]
    assert [(f.name, f.distribution, f.version, f.module) for f in broken] == [
        ("a", "bad-a", "1.0", "bad_a"),
        ("b", "bad-b", "1.0", "bad_b"),
    ]


def test_what_a_spec_refers_to_is_imported_too(site):
    site.plugin(
        "dangling",
        """
        from paretorec.contracts import ComponentConfig, ComponentSpec, hookimpl
        @hookimpl
        def paretorec_encoders():
            return [ComponentSpec("rnn", "nowhere_to_be_found:Encoder", ComponentConfig, "")]
        """,
    )
    assert ["importing its factory" in problem for problem in problems(site)] == [True]


def test_an_extra_that_is_not_installed_is_a_note(site):
    site.plugin(
        "extra_plugin",
        """
        from paretorec.contracts import ComponentSpec, hookimpl
        @hookimpl
        def paretorec_encoders():
            return [ComponentSpec("rnn", "extra_plugin.x:E", "extra_plugin.x:C", "", needs=("not_installed_x",))]
        """,
    )
    assert problems(site) == []
    assert "needs not_installed_x" in diagnose(site.registry()).notes[0]


def test_denied_code_is_not_imported(site):
    site.plugin("denied_plugin", "raise RuntimeError('imported')")
    settings = RegistrySettings(trust=Trust(deny={"denied-plugin": "steals"}))
    assert problems(site, settings) == []
    assert "steals" in diagnose(site.registry(settings)).notes[0]
    assert "denied_plugin" not in sys.modules


def test_names_in_dispute_and_choices_that_lead_nowhere(site):
    site.plugin("first_rnn")
    site.plugin("second_rnn")
    assert len([problem for problem in problems(site) if '"encoder.rnn" = "first-rnn"' in problem]) == 1
    settled = RegistrySettings(choose={"encoder.rnn": "first-rnn", "encoder.lstm": "gone"})
    assert [("gone" in problem) for problem in problems(site, settled)] == [True]


def test_a_default_that_nobody_offers(site):
    found = diagnose(site.registry(RegistrySettings(defaults={"encoder": "nobody"})))
    assert "there is no encoder 'nobody'" in {fault.problem for fault in found.faults}


def test_a_distribution_that_is_installed_twice(site):
    site.plugin("acme_rnn")
    site.install("acme-rnn", {}, "0.9")
    assert ["installed 2 times" in problem for problem in problems(site)] == [True]


def test_an_editable_installation_that_no_longer_says_what_its_source_says(site, tmp_path):
    candidate = site.plugin("acme_rnn")
    source = tmp_path / "source"
    source.mkdir()
    project = source / "pyproject.toml"
    origin = {"url": source.as_uri(), "dir_info": {"editable": True}}
    (site.folder / "acme_rnn-1.0.dist-info" / "direct_url.json").write_text(json.dumps(origin))

    point = (
        f'[project]\nname = "acme-rnn"\n[project.entry-points."paretorec.encoders"]\n{candidate.name} = "acme_rnn"\n'
    )
    project.write_text(point)
    assert problems(site) == []
    project.write_text(point + 'lstm = "acme_rnn"\n')
    assert ["encoder.lstm" in problem and "pip install -e" in problem for problem in problems(site)] == [True]
    project.write_text("[project]\nname = 'acme-rnn'\ndynamic = ['entry-points']\n")
    assert problems(site) == []


def test_a_registry_of_nothing_has_nothing_to_load():
    from paretorec.registry import Registry

    assert diagnose(Registry((), files=())).checked == 0
    assert isinstance(Registry(()).candidates, tuple)
    assert Candidate("encoder", "a", "b", "c", "d").qualified == "b/a"
