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


SPEC = ComponentSpec("rnn", Component, Config, "A recurrent encoder")


@pytest.fixture
def registry() -> Registry:
    made = Registry((), files=())
    made.add("encoder", SPEC)
    return made


def test_build_gives_component_config_and_provenance(site):
    site.plugin("acme_rnn")
    built = site.registry().build("encoder", ComponentRef(use="rnn", params={"width": 3}), "encoders.rnn")
    assert built.component.width == built.config.width == 3
    assert built.resolved.qualified == "acme-rnn/rnn"
    assert str(built.resolved.provenance) == "acme-rnn 1.0 (acme_rnn)"
    assert site.registry().build("encoder", ComponentRef(use=built.resolved.qualified)).component.width == 8


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        ({"width": 0}, "encoders.rnn.params.width = 0: input should be greater than or equal to 1"),
        ({"widht": 3}, "unknown key 'encoders.rnn.params.widht'; did you mean 'width'?"),
        ({"zzz": 3}, "unknown key 'encoders.rnn.params.zzz'; there are layers, path, rate, width"),
        ({"layers": [{}, {"width": "x"}]}, "encoders.rnn.params.layers.1.width = 'x': input should be a valid integer"),
        ({"layers": [{"wide": 1}]}, "unknown key 'encoders.rnn.params.layers.0.wide'"),
        ({"rate": [1]}, "encoders.rnn.params.rate = [1]: "),
        ({"width": float("nan")}, "encoders.rnn.params.width = nan: "),
    ],
)
def test_bad_params_are_one_sentence_with_the_whole_key_the_value_and_the_plugin(site, params, sentence):
    registry = Registry((), files=())
    registry.add("encoder", SPEC)
    with pytest.raises(ConfigError) as caught:
        registry.build("encoder", ComponentRef(use="rnn", params=params), "encoders.rnn")
    message = str(caught.value)
    assert message.startswith(sentence)
    assert "\n" not in message
    assert message.endswith("(encoder 'rnn' of (host))")

    site.plugin("acme_rnn")
    with pytest.raises(ConfigError, match=r"\(encoder 'rnn' of acme-rnn 1\.0\)$"):
        site.registry().validate("encoder", ComponentRef(use="rnn", params={"width": 0}), "encoders.rnn")


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
        registry.build("encoder", ComponentRef(use="rnn", params={"path": "missing"}))


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
    assert registry.build("encoder", ComponentRef(use="rnn")).component.config.width == 64
    assert registry.resolve("encoder", "(host)/rnn").qualified == "(host)/rnn"
    assert [(entry.name, entry.state) for entry in registry.available()] == [("rnn", "ready")]
    empty = Registry((), files=())
    with pytest.raises(ComponentNotFound, match="there is no encoder 'rnn'"):
        empty.resolve("encoder", "rnn")
    with pytest.raises(ComponentNotFound, match="a host application's own"):
        empty.resolve("encoder", "(host)/rnn", "encoders.rnn")
    with pytest.raises(ComponentNotFound, match=r"did you mean 'rnn'\?"):
        registry.resolve("encoder", "rnnu")


def test_a_hosts_component_replaces_another_only_on_purpose(site):
    site.plugin("acme_rnn")
    registry = site.registry(RegistrySettings(defaults={"encoder": "rnn"}))
    with pytest.raises(ConfigError, match="replace=True"):
        registry.add("encoder", SPEC)
    registry.add("encoder", SPEC, replace=True)
    assert isinstance(registry.build("encoder", ComponentRef(use="rnn")).component, Component)
    assert [(e.distribution, e.state, e.default) for e in registry.available()] == [
        ("(host)", "ready", True),
        ("acme-rnn", "shadowed", False),
    ]
    assert not isinstance(registry.build("encoder", ComponentRef(use="acme-rnn/rnn")).component, Component)


@pytest.mark.parametrize(
    ("kind", "spec", "error"),
    [
        ("encodr", SPEC, ConfigError),
        ("encoder", ComponentSpec("Not a name", Component, Config, ""), PluginLoadError),
        ("encoder", ComponentSpec("rnn", Component, Config, "", api=99), PluginLoadError),
    ],
)
def test_what_a_host_adds_is_checked_at_once(kind, spec, error):
    with pytest.raises(error):
        Registry((), files=()).add(kind, spec)


def test_two_registries_in_one_process_may_choose_differently(site):
    site.plugin("first_rnn")
    site.plugin("second_rnn")
    chosen = [site.registry(RegistrySettings(choose={"encoder.rnn": name})) for name in ("first-rnn", "second-rnn")]
    assert [registry.resolve("encoder", "rnn").provenance.module for registry in chosen] == ["first_rnn", "second_rnn"]
