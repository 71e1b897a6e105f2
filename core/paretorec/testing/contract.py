"""How a contract is bound to a component, and how its checks are run: by pytest, or for a report."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final, TypeVar
from unittest import SkipTest

from paretorec.contracts.component import ComponentConfig, ComponentRef, ComponentSpec
from paretorec.errors import ConfigError, MissingDependency, ParetoRecError, PluginError
from paretorec.registry import Registry, Resolved
from paretorec.registry.explain import nearest
from paretorec.testing.checks import Broken, Check, skip
from paretorec.testing.compare import fingerprint
from paretorec.testing.files import filled
from paretorec.testing.globals import shaken
from paretorec.testing.models import first_example
from paretorec.testing.report import Report, Result
from paretorec.testing.world import World, tiny_shop

T = TypeVar("T")

SEED: Final = 3
NEEDS_PARAMS: Final = "it needs params (`params`, `--params`, or `examples` in the model's JSON schema)"
WORKER: Final = "worker"
"""Where `Contract.memory` keeps what `rebuilt` said."""


@dataclass(frozen=True)
class Trial:
    """A component that was exercised once."""

    component: Any
    answers: dict[str, Any]
    """name -> what it gave."""
    globals: list[str]
    """What it changed of what the process shares; watched in the trial ``again``."""
    inputs: list[str]
    """What it changed of what it was given."""
    printed: str


class Contract:
    """Base of all contracts; its checks are methods, see `check`.

    Subclass the contract of your component's kind under a name that begins with ``Test``, say `spec`, and pytest runs
    it; `report` runs it without pytest.
    """

    kind: ClassVar[str]
    spec: ClassVar[str | ComponentSpec]
    """What a configuration's `use` would say, or the spec itself where nothing is installed."""
    params: ClassVar[Mapping[str, Any]] = {}
    """The component's configuration. ``${WORLD}`` in a text is a folder with the tiny shop's files
    (`paretorec.testing.files`). Empty: the first of the ``examples`` in the model's JSON schema, else its defaults."""
    expected_failures: ClassVar[Mapping[str, str]] = {}
    """Id of a check -> why it fails for now. If it passes, that is a failure too."""
    registry: ClassVar[Registry | None] = None
    """Where `spec` is looked up; None: everything installed."""
    memory: ClassVar[dict[str, Any]] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.memory = {}
        if not hasattr(cls, "kind"):
            return
        known = [wanted.id for wanted in cls.checks()]
        for name in cls.expected_failures:
            if name not in known:
                raise TypeError(f"{cls.__name__}.expected_failures: there is no check {name!r}{nearest(name, known)}")

    @classmethod
    def checks(cls) -> tuple[Check, ...]:
        """Every check of this kind: those of all components first."""
        methods: dict[str, Any] = {}
        for owner in reversed(cls.__mro__):
            methods |= {name: method for name, method in vars(owner).items() if hasattr(method, "made")}
        return tuple(cls.check_of(name) for name in methods if getattr(cls, name) is not None)

    @classmethod
    def check_of(cls, method: str) -> Check:
        """The check that a method is."""
        made: Check = getattr(cls, method).made(cls.kind)
        return made

    @classmethod
    def report(cls) -> Report:
        """Run every check, without pytest."""
        contract = cls()
        contract.use  # noqa: B018 - raises where there is no spec
        results = tuple(contract.result(wanted) for wanted in cls.checks())
        owner, _, name = contract.use.rpartition("/")
        try:
            provenance = contract.resolved.provenance
            return Report(cls.kind, name, provenance.distribution, provenance.version, results)
        except ParetoRecError:
            return Report(cls.kind, name, owner or "an unknown distribution", "", results)

    def result(self, wanted: Check) -> Result:
        """Run one check."""
        expected = self.expected_failures.get(wanted.id)
        try:
            if wanted.since_api > self._api():
                skip(f"the component was written for version {self._api()} of the contracts")
            self._presuppose(wanted)
            # What foreign code prints must not end up among the results on stdout.
            with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                wanted.body(self)
        except SkipTest as reason:
            return Result(wanted.id, "skipped", str(reason))
        except Exception as error:
            if isinstance(error, ConfigError) and not self.configured:
                return Result(wanted.id, "skipped", f"{NEEDS_PARAMS}: {error}")
            found = (
                str(error) if isinstance(error, Broken) else f"{type(error).__name__}: {' '.join(str(error).split())}"
            )
            if expected is not None:
                return Result(wanted.id, "expected", f"{expected} ({found})")
            return Result(wanted.id, "failed", found, wanted.fix, error)
        if expected is not None:
            return Result(
                wanted.id,
                "failed",
                f"it passes, and was expected to fail: {expected}",
                "take it out of expected_failures",
            )
        return Result(wanted.id, "passed")

    def _presuppose(self, wanted: Check) -> None:
        """Skip what a component of other methods than its kind's would only fail in a row."""
        protocol = f"{self.kind}.protocol"
        if wanted.id == protocol or not wanted.id.startswith(f"{self.kind}."):
            return
        if self.once("protocol", lambda: self.result(self.check_of("test_protocol"))).outcome == "failed":
            skip(f"{protocol} fails")

    def once(self, name: str, make: Callable[[], T]) -> T:
        """What `make` gives, made once for all checks of this class."""
        if name not in self.memory:
            self.memory[name] = make()
        found: T = self.memory[name]
        return found

    @property
    def use(self) -> str:
        """What a configuration would say."""
        if not hasattr(self, "spec"):
            raise ConfigError(f"{type(self).__name__} has no `spec`: name the component, or give its ComponentSpec")
        return self.spec if isinstance(self.spec, str) else self.spec.name

    @property
    def source(self) -> Registry:
        """The registry that everything is looked up in."""
        return self.once("registry", self._registry)

    def _registry(self) -> Registry:
        if isinstance(self.spec, str):
            return self.registry or Registry()
        registry = self.registry or Registry()
        registry.add(self.kind, self.spec, replace=True)
        return registry

    @property
    def resolved(self) -> Resolved:
        """The spec and its provenance. Raises what the registry raises."""
        return self.source.resolve(self.kind, self.use)

    def _api(self) -> int:
        try:
            return self.resolved.spec.api
        except PluginError:
            return 1  # that it does not load is a check's finding

    @property
    def loaded(self) -> Resolved:
        """As `resolved`; skips where another check says that it does not load."""
        try:
            return self.resolved
        except PluginError as error:
            skip(f"it does not load: {error}")

    @property
    def model(self) -> type[ComponentConfig]:
        """The configuration model; skips where another check says that there is none."""
        resolved = self.loaded
        try:
            return self.source.model(resolved)
        except PluginError as error:
            skip(f"its configuration model does not load: {error}")

    @property
    def ref(self) -> ComponentRef:
        """What is built: `params`, or the model's first example, or its defaults."""
        params = self.params or first_example(self.model)
        return ComponentRef(use=self.use, params=filled(params))

    @property
    def configured(self) -> bool:
        """Whether anybody says with which params it works."""
        return bool(self.ref.params)

    @property
    def config(self) -> ComponentConfig:
        """The configuration that the component is built with; skips where there is none."""
        self.model  # noqa: B018 - skips
        try:
            return self.source.validate(self.kind, self.ref)
        except ConfigError as error:
            skip(f"its params are refused: {error}" if self.configured else f"{NEEDS_PARAMS}: {error}")

    def new(self) -> Any:
        """The component, made anew; skips where another check says why it cannot be."""
        self.config  # noqa: B018 - skips
        try:
            return self.source.build(self.kind, self.ref).component
        except MissingDependency as error:
            skip(str(error))
        except PluginError as error:
            skip(f"it cannot be made: {error}")

    def declares(self, capability: str) -> bool:
        return capability in self.loaded.spec.capabilities

    def exercise(self, component: Any, world: World, seed: int) -> dict[str, Any]:
        """Have the component do everything that it is for: name -> what it gave."""
        raise NotImplementedError

    def trial(self, name: str, seed: int = SEED) -> Trial:
        """What `exercise` gave, once for all checks; the trial ``again`` runs with shaken global generators."""

        def run() -> Trial:
            component, world, changed, said = self.new(), tiny_shop(), list[str](), io.StringIO()
            before = {what: fingerprint(value) for what, value in world.given.items()}
            with contextlib.redirect_stdout(said):
                if name == "again":
                    with shaken(changed):
                        answers = self.exercise(component, world, seed)
                else:
                    answers = self.exercise(component, world, seed)
            inputs = [what for what, value in world.given.items() if fingerprint(value) != before[what]]
            return Trial(component, answers, changed, inputs, said.getvalue().strip())

        return self.once(f"trial {name}", run)

    @property
    def component(self) -> Any:
        """One that `exercise` has been through; checks do not change it."""
        return self.trial("first").component

    @property
    def answers(self) -> dict[str, Any]:
        """What it gave."""
        return self.trial("first").answers
