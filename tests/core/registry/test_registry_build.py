from __future__ import annotations

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from paretorec.contracts import ComponentConfig, ComponentRef, ComponentSpec
from paretorec.errors import ComponentNotFound, ConfigError, DataError, MissingDependency, PluginLoadError
from paretorec.registry import Registry, RegistrySettings
from paretorec.registry.explain import explain


class Layer(BaseModel):
    model_config = ConfigDict(extra="forbid")
    width: int = Field(default=8, ge=1)


class Config(ComponentConfig):
    width: int = Field(default=64, ge=1, description="Numbers per item.")
    rate: float | str = Field(default="auto", description="Step size.")
    layers: tuple[Layer, ...] = Field(default=(), description="Hidden layers.")
    path: str = Field(default="", description="A file.")


class Component:
    def __init__(self, config: Config) -> None:
        if config.path == "missing":
            raise DataError("file missing does not exist")
        self.config = config


SPEC = ComponentSpec("gru", Component, Config, "A recurrent encoder")


@pytest.fixture
def registry() -> Registry:
    made = Registry((), files=())
    made.add("encoder", SPEC)
    return made


def test_build_gives_component_config_and_provenance(site):
    site.plugin("acme_gru")
    built = site.registry().build("encoder", ComponentRef(use="gru", params={"width": 3}), "encoders.gru")
    assert built.component.width == built.config.width == 3
    assert built.resolved.qualified == "acme-gru/gru"
    assert str(built.resolved.provenance) == "acme-gru 1.0 (acme_gru)"
    assert site.registry().build("encoder", ComponentRef(use=built.resolved.qualified)).component.width == 8


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        ({"width": 0}, "encoders.gru.params.width = 0: input should be greater than or equal to 1"),
        ({"widht": 3}, "unknown key 'encoders.gru.params.widht'; did you mean 'width'?"),
        ({"zzz": 3}, "unknown key 'encoders.gru.params.zzz'; there are layers, path, rate, width"),
        ({"layers": [{}, {"width": "x"}]}, "encoders.gru.params.layers.1.width = 'x': input should be a valid integer"),
        ({"layers": [{"wide": 1}]}, "unknown key 'encoders.gru.params.layers.0.wide'"),
        ({"rate": [1]}, "encoders.gru.params.rate = [1]: "),
        ({"width": float("nan")}, "encoders.gru.params.width = nan: "),
    ],
)
def test_bad_params_are_one_sentence_with_the_whole_key_the_value_and_the_plugin(site, params, sentence):
    registry = Registry((), files=())
    registry.add("encoder", SPEC)
    with pytest.raises(ConfigError) as caught:
        registry.build("encoder", ComponentRef(use="gru", params=params), "encoders.gru")
    message = str(caught.value)
    assert message.startswith(sentence)
    assert "\n" not in message
    assert message.endswith("(encoder 'gru' of (host))")

    site.plugin("acme_gru")
    with pytest.raises(ConfigError, match=r"\(encoder 'gru' of acme-gru 1\.0\)$"):
        site.registry().validate("encoder", ComponentRef(use="gru", params={"width": 0}), "encoders.gru")


def test_many_problems_are_counted_and_unions_speak_once():
    with pytest.raises(ValidationError) as caught:
        Config.model_validate({"width": 0, "rate": [], "a": 1, "b": 2, "c": 3})
    message = explain(caught.value, Config, {"width": 0, "rate": [], "a": 1, "b": 2, "c": 3})
    assert message.endswith("; and 2 more")
    assert message.count("rate") == 1 + message.count("there are")


def test_a_missing_key_is_named():
    class Needy(ComponentConfig):
        path: str
        inner: Layer = Layer()

    with pytest.raises(ValidationError) as caught:
        Needy.model_validate({})
    assert explain(caught.value, Needy, {}, "source.params") == "key 'source.params.path' is missing"


def test_a_component_may_refuse_its_configuration_in_its_own_words(registry):
    with pytest.raises(DataError, match=r"^file missing does not exist$"):
        registry.build("encoder", ComponentRef(use="gru", params={"path": "missing"}))


def test_a_missing_dependency_says_what_to_install_and_comes_before_anything_is_imported(registry):
    needy = ComponentSpec(
        "bayesian", "not_there:Make", "not_there:Config", "", needs=("optuna_x",), install="paretorec[bayesian]"
    )
    registry.add("optimizer", needy)
    with pytest.raises(MissingDependency) as caught:
        registry.build("optimizer", ComponentRef(use="bayesian"))
    assert str(caught.value) == "optimizer 'bayesian' needs optuna_x: pip install 'paretorec[bayesian]'"
    registry.add("optimizer", ComponentSpec("nested", Component, Config, "", needs=("no_such.inner", "json")))
    with pytest.raises(MissingDependency, match=r"needs no_such\.inner: pip install 'no-such'$"):
        registry.build("optimizer", ComponentRef(use="nested"))
    registry.add("optimizer", ComponentSpec("there", Component, Config, "", needs=("json", "importlib.metadata")))
    registry.build("optimizer", ComponentRef(use="there"))


def test_a_hosts_own_component_needs_no_packaging_and_stays_in_its_registry(registry):
    assert registry.build("encoder", ComponentRef(use="gru")).component.config.width == 64
    assert registry.resolve("encoder", "(host)/gru").qualified == "(host)/gru"
    assert [(entry.name, entry.state) for entry in registry.available()] == [("gru", "ready")]
    empty = Registry((), files=())
    with pytest.raises(ComponentNotFound, match="there is no encoder 'gru'"):
        empty.resolve("encoder", "gru")
    with pytest.raises(ComponentNotFound, match="a host application's own"):
        empty.resolve("encoder", "(host)/gru", "encoders.gru")
    with pytest.raises(ComponentNotFound, match=r"did you mean 'gru'\?"):
        registry.resolve("encoder", "gruu")


def test_a_hosts_component_replaces_another_only_on_purpose(site):
    site.plugin("acme_gru")
    registry = site.registry(RegistrySettings(defaults={"encoder": "gru"}))
    with pytest.raises(ConfigError, match="replace=True"):
        registry.add("encoder", SPEC)
    registry.add("encoder", SPEC, replace=True)
    assert isinstance(registry.build("encoder", ComponentRef(use="gru")).component, Component)
    assert [(e.distribution, e.state, e.default) for e in registry.available()] == [
        ("(host)", "ready", True),
        ("acme-gru", "shadowed", False),
    ]
    assert not isinstance(registry.build("encoder", ComponentRef(use="acme-gru/gru")).component, Component)


@pytest.mark.parametrize(
    ("kind", "spec", "error"),
    [
        ("encodr", SPEC, ConfigError),
        ("encoder", ComponentSpec("Not a name", Component, Config, ""), PluginLoadError),
        ("encoder", ComponentSpec("gru", Component, Config, "", api=99), PluginLoadError),
    ],
)
def test_what_a_host_adds_is_checked_at_once(kind, spec, error):
    with pytest.raises(error):
        Registry((), files=()).add(kind, spec)


def test_two_registries_in_one_process_may_choose_differently(site):
    site.plugin("first_gru")
    site.plugin("second_gru")
    chosen = [site.registry(RegistrySettings(choose={"encoder.gru": name})) for name in ("first-gru", "second-gru")]
    assert [registry.resolve("encoder", "gru").provenance.module for registry in chosen] == ["first_gru", "second_gru"]
