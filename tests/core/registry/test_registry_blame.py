"""Who is named when a component raises while it works."""

from __future__ import annotations

import pytest

from paretorec import Engine
from paretorec.contracts import ComponentConfig, ComponentRef, ComponentSpec
from paretorec.errors import ComponentFailed, DataError
from paretorec.registry import Registry


class Config(ComponentConfig):
    pass


class Failing:
    """An optimizer whose every method asks the next one, down to one that fails."""

    def __init__(self, config: Config) -> None:
        self.inner: Failing | None = None

    def work(self) -> None:
        if self.inner is not None:
            return self.inner.work()
        return self._deeper()

    def _deeper(self) -> None:
        raise ValueError("two\nlines")

    def refuse(self) -> None:
        raise DataError("column x is missing")


@pytest.fixture
def registry() -> Registry:
    made = Registry((), files=())
    made.add("optimizer", ComponentSpec("failing", Failing, Config, ""))
    made.add("optimizer", ComponentSpec("inner", Failing, Config, ""))
    return made


def test_the_innermost_component_is_named_with_its_method_and_the_cause_is_chained(registry):
    outer = registry.build("optimizer", ComponentRef(use="failing")).component
    outer.inner = registry.build("optimizer", ComponentRef(use="inner")).component
    with pytest.raises(ComponentFailed) as caught, registry.origins.blaming():
        outer.work()
    assert str(caught.value).startswith(
        "optimizer 'inner' of (host) (test_registry_blame) failed in _deeper: ValueError: two lines; "
    )
    assert isinstance(caught.value.__cause__, ValueError)


def test_what_was_meant_for_people_and_what_is_nobodys_passes(registry):
    component = registry.build("optimizer", ComponentRef(use="failing")).component
    with pytest.raises(DataError), registry.origins.blaming():
        component.refuse()
    with pytest.raises(ZeroDivisionError), registry.origins.blaming():
        1 / 0  # noqa: B018
    with pytest.raises(KeyboardInterrupt), registry.origins.blaming():
        raise KeyboardInterrupt


def test_a_component_that_lacks_what_core_asks_for_is_named(registry):
    component = registry.build("optimizer", ComponentRef(use="failing")).component
    with pytest.raises(ComponentFailed, match="has no attribute 'ask'"), registry.origins.blaming():
        component.ask()


def test_components_that_are_gone_are_forgotten(registry):
    for _ in range(3):
        registry.build("optimizer", ComponentRef(use="failing"))
    assert not registry.origins._known


BROKEN_ENCODER = """
    import numpy as np
    from paretorec.contracts import ComponentConfig, ComponentSpec, State, hookimpl
    from pydantic import Field

    class Config(ComponentConfig):
        when: str = Field(default="fit", description="The method that fails.")

    class Encoder:
        def __init__(self, config):
            self.when = config.when

        def fit(self, data, run):
            self.items = len(data.items)
            if self.when == "fit":
                raise MemoryError("no room")

        def score(self, histories, items):
            if self.when == "score" and len(histories) and self.served:
                raise KeyError("i7")
            shape = (len(histories), self.items) if items is None else items.shape
            return np.tile(np.arange(shape[1], dtype=np.float32), (shape[0], 1))

        served = False

        def state(self):
            return State()

        def restore(self, state, items):
            self.items = len(items)

    @hookimpl
    def paretorec_encoders():
        return [ComponentSpec("rnn", Encoder, Config, "An encoder that fails")]
"""

STORE = {
    "source": {"use": "simulated-store", "params": {"users": 60, "items": 30, "weeks": 12}},
    "optimizer": {"use": "random"},
    "search": {"evaluations": 20},
    "threads": 1,
    "k": 5,
}


def test_a_run_and_a_recommendation_name_the_plugin_that_failed(site):
    site.plugin("acme_rnn", BROKEN_ENCODER)
    built_in = [candidate for candidate in Registry(files=()).candidates if candidate.builtin]
    registry = Registry((*built_in, *site.candidates()), files=())
    encoders = [{"use": "popularity"}, {"use": "rnn"}]
    with pytest.raises(ComponentFailed, match=r"encoder 'rnn' of acme-rnn 1\.0 \(acme_rnn\) failed in fit: MemoryErr"):
        Engine({**STORE, "encoders": encoders}, registry=registry).run()
    encoders[1]["params"] = {"when": "score"}
    engine = Engine({**STORE, "encoders": encoders}, registry=registry)
    engine.run()
    shop = engine.serve(engine.front.point("encoder.rnn"))
    engine.fitted.bundle.encoders["rnn"].component.served = True
    with pytest.raises(ComponentFailed, match=r"encoder 'rnn' of acme-rnn .* failed in score: KeyError: 'i7'; upgrade"):
        shop.recommend(histories={"guest": ["i0001"]}, k=3)
