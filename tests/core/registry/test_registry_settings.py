from __future__ import annotations

from pathlib import Path

import pytest

from paretorec.contracts import KINDS
from paretorec.errors import ConfigError
from paretorec.registry import Registry, RegistrySettings, Trust
from paretorec.registry.settings import packaged_file, read_settings


@pytest.fixture
def write(tmp_path: Path):
    def _write(text: str, name: str = "registry.toml") -> Path:
        path = tmp_path / name
        path.write_text(text)
        return path

    return _write


def test_the_packaged_file_names_a_default_for_every_kind_but_rules_and_observers():
    settings = read_settings(packaged_file())
    assert set(settings.defaults) == set(KINDS) - {"rule", "observer"}
    assert settings.trust.mode == "any"
    assert not settings.choose


def test_layers_packaged_then_files_then_objects(write):
    low = write('[defaults]\nencoder = "low"\noptimizer = "low"\n', "low.toml")
    high = write('[defaults]\noptimizer = "high"\n', "high.toml")
    registry = Registry((), files=[low, high], settings=RegistrySettings(defaults={"ranker": "object"}))
    assert [registry.default(kind) for kind in ("encoder", "optimizer", "ranker", "policy")] == [
        "low",
        "high",
        "object",
        "linear",
    ]


def test_denials_add_up_and_everything_else_in_trust_is_replaced_whole(write):
    low = write(
        '[trust]\nmode = "listed"\n[trust.allow]\nacme = "<2"\n[trust.deny]\nold = "reason"\n'
        '[choose]\n"encoder.a" = "acme"\n',
        "low.toml",
    )
    high = write('[trust.allow]\nother = ""\n[trust.deny]\nworse = "also"\n[choose]\n"encoder.b" = "b"\n', "high.toml")
    merged = Registry((), files=[low, high]).settings
    assert merged.trust == Trust(mode="listed", allow={"other": ""}, deny={"old": "reason", "worse": "also"})
    assert merged.choose == {"encoder.b": "b"}
    # A layer that says nothing changes nothing; one that says "none" does.
    assert Registry((), files=[low], settings=RegistrySettings()).settings.choose == {"encoder.a": "acme"}
    assert Registry((), files=[low], settings=RegistrySettings(choose={})).settings.choose == {}


def test_the_environment_names_a_file_unless_the_host_does(write, monkeypatch):
    monkeypatch.setenv("PARETOREC_REGISTRY", str(write('[defaults]\nencoder = "environment"\n', "env.toml")))
    mine = write('[defaults]\nranker = "mine"\n', "mine.toml")
    assert Registry(()).default("encoder") == "environment"
    assert Registry((), files=[mine]).default("encoder") == "transformer"
    assert Registry((), files=()).default("encoder") == "transformer"


def test_a_file_in_the_current_directory_is_never_read(write, monkeypatch):
    path = write('[defaults]\nencoder = "planted"\n')
    monkeypatch.chdir(path.parent)
    monkeypatch.delenv("PARETOREC_REGISTRY", raising=False)
    assert Registry(()).default("encoder") == "transformer"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("schema = 2", "schema 2"),
        ("defaults = [", "is not TOML"),
        ("[chose]", "unknown key 'chose'; did you mean 'choose'?"),
        ('[trust]\nmod = "any"', "unknown key 'trust.mod'; did you mean 'mode'?"),
        ('[trust]\nmode = "all"', "trust.mode = 'all'"),
        ('[trust.allow]\nacme = "2.1"', 'acme = "2.1" is no version specifier'),
        ('[defaults]\nencoders = "x"', "\"encoders\" names no kind of component; did you mean 'encoder'?"),
        ('[choose]\ntransformer = "acme"', "is not KIND.NAME"),
        ('[choose]\n"encoder.x" = 3', "choose.encoder.x = 3"),
    ],
)
def test_a_bad_file_is_one_sentence_with_file_key_and_fix(write, text, says):
    path = write(text)
    with pytest.raises(ConfigError) as caught:
        Registry((), files=[path])
    message = str(caught.value)
    assert says in message
    assert str(path) in message
    assert "\n" not in message


def test_a_missing_file_is_an_error_and_not_an_empty_layer(tmp_path):
    with pytest.raises(ConfigError, match=r"no\.toml does not exist"):
        Registry((), files=[tmp_path / "no.toml"])


def test_no_default_is_an_error_that_says_so():
    with pytest.raises(ConfigError, match="no rule is named"):
        Registry((), files=()).default("rule")
    with pytest.raises(ConfigError, match="did you mean 'encoder'"):
        Registry((), files=()).default("encodr")
