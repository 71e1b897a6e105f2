"""What every component keeps to, whatever its kind."""

from __future__ import annotations

import contextlib
import io
import json
import pickle
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final, TypeVar
from unittest import SkipTest

from pydantic import ValidationError

from paretorec.contracts.component import ComponentConfig, ComponentRef, ComponentSpec
from paretorec.errors import ConfigError, MissingDependency, ParetoRecError, PluginError
from paretorec.registry import Registry, Resolved
from paretorec.registry.explain import nearest
from paretorec.registry.resolve import HOST
from paretorec.testing.checks import Broken, Check, broken, check, skip
from paretorec.testing.compare import differing, fingerprint
from paretorec.testing.files import filled
from paretorec.testing.globals import shaken
from paretorec.testing.models import all_models, first_example
from paretorec.testing.processes import light, rebuilt
from paretorec.testing.report import Report, Result
from paretorec.testing.world import World, tiny_shop

T = TypeVar("T")

SEED: Final = 3
NEEDS_PARAMS: Final = "it needs params (`params`, `--params`, or `examples` in the model's JSON schema)"
WORKER: Final = "worker"
"""Where `Contract.memory` keeps what `rebuilt` said."""
RANDOM: Final = "random"
"""Capability: what the component does depends on the seed that it is given."""


class Contract:
    """Subclass the contract of your component's kind, under a name that begins with ``Test``, and pytest runs it::

    class TestGru(EncoderContract):
        spec = "acme-paretorec/gru"
        params = {"width": 8}
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
        """The configuration that the component is built with; skips where `params` have to be given."""
        self.model  # noqa: B018 - skips
        try:
            return self.source.validate(self.kind, self.ref)
        except ConfigError as error:
            if self.params:
                raise
            skip(f"{NEEDS_PARAMS}: {error}")

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

    def trial(self, name: str, seed: int = SEED) -> dict[str, Any]:
        """What `exercise` gave, once for all checks; the trial ``again`` runs with shaken global generators."""

        def run() -> dict[str, Any]:
            component, world, changed, said = self.new(), tiny_shop(), list[str](), io.StringIO()
            before = {what: fingerprint(value) for what, value in world.given.items()}
            with contextlib.redirect_stdout(said):
                if name == "again":
                    with shaken(changed):
                        answers = self.exercise(component, world, seed)
                else:
                    answers = self.exercise(component, world, seed)
            return {
                "said": said.getvalue(),
                "component": component,
                "answers": answers,
                "globals": changed,
                "inputs": [what for what, value in world.given.items() if fingerprint(value) != before[what]],
            }

        return self.once(f"trial {name}", run)

    @property
    def component(self) -> Any:
        """One that `exercise` has been through; checks do not change it."""
        return self.trial("first")["component"]

    @property
    def answers(self) -> dict[str, Any]:
        """What it gave."""
        found: dict[str, Any] = self.trial("first")["answers"]
        return found

    @check("package.loads", "make the module's hook return a ComponentSpec with the entry point's name")
    def test_loads(self) -> None:
        """The entry point leads to a module whose hook returns a spec of the entry point's name."""
        try:
            self.resolved  # noqa: B018 - raises
        except PluginError as error:
            raise Broken(str(error)) from error

    @check("package.light-import", "import it in the module that `factory` names, which is loaded when it is needed")
    def test_light_import(self) -> None:
        """Importing the entry point's module loads no heavy library."""
        provenance = self.loaded.provenance
        if provenance.distribution == HOST:
            skip("the host added it: there is no entry point")
        heavy = light(provenance.module)
        if heavy:
            broken(f"importing {provenance.module} loads {', '.join(heavy)}")

    @check("package.summary", "describe it in one line of at most 120 characters: people choose by it")
    def test_summary(self) -> None:
        """The spec's summary is one line."""
        summary = self.loaded.spec.summary
        if not summary.strip() or "\n" in summary or len(summary) > 120:
            broken(f"the summary is {summary!r}")

    @check("package.builds", 'correct `factory`: "package.module:attribute" of what makes the component of its config')
    def test_builds(self) -> None:
        """`factory(config)` makes the component, and refuses a configuration only with a ConfigError."""
        self.config  # noqa: B018 - skips
        try:
            self.source.build(self.kind, self.ref)
        except MissingDependency as error:
            skip(str(error))
        except PluginError as error:
            raise Broken(str(error)) from error

    @check("package.worker", "define factory and config at the top of modules, and name them by import strings")
    def test_worker(self) -> None:
        """A new process makes the component from import strings (`Registry.snapshot`)."""
        self.new()
        error = self.once(WORKER, lambda: rebuilt(self.source, [(self.kind, self.ref)])[0])
        if error:
            broken(f"in a new process: {error}")

    @check("config.extra-forbidden", "derive the model, and every model in it, from ComponentConfig")
    def test_extra_forbidden(self) -> None:
        """A key that the model does not have is an error."""
        for model in all_models(self.model):
            if model.model_config.get("extra") != "forbid":
                broken(f"{model.__name__} takes keys that it does not know")

    @check("config.frozen", "derive the model, and every model in it, from ComponentConfig")
    def test_frozen(self) -> None:
        """Values cannot be changed after validation."""
        for model in all_models(self.model):
            if not model.model_config.get("frozen"):
                broken(f"fields of {model.__name__} can be changed")

    @check("config.described", "give every field a Field(description=...)")
    def test_described(self) -> None:
        """Every field has a description."""
        for model in all_models(self.model):
            for name, field in model.model_fields.items():
                if not (field.description or "").strip():
                    broken(f"{model.__name__}.{name} has no description")

    @check("config.schema", "use types that pydantic has a JSON schema of, with defaults that are JSON values")
    def test_schema(self) -> None:
        """The model's JSON schema can be made and written."""
        json.dumps(self.model.model_json_schema(), allow_nan=False)

    @check("config.round-trip", "use types that JSON has, and give fields no default that depends on the moment")
    def test_config_round_trip(self) -> None:
        """A configuration is the same after it was written as JSON, and after it was pickled."""
        config = self.config
        try:
            written = json.dumps(config.model_dump(mode="json"), allow_nan=False)
            again = type(config).model_validate(json.loads(written))
        except (ValidationError, ValueError, TypeError) as error:
            raise Broken(f"what the configuration is written as cannot be read: {_first_line(error)}") from error
        if again != config:
            broken(f"{written} is read as {again!r}")
        if pickle.loads(pickle.dumps(config)) != config:
            broken("the pickled configuration is another one")

    @check("same-seed", "take all randomness from run.rng(name) or the seed given, and depend on no clock, hash or set")
    def test_same_seed(self) -> None:
        """The same input and seed give the same to the bit, whatever the state of the global generators."""
        names = differing(self.answers, self.trial("again")["answers"])
        if names:
            broken(f"a second time, with seed {SEED} again, {', '.join(names)} came out differently")

    @check("globals", "use a generator of your own, and restore library defaults where you change them")
    def test_globals(self) -> None:
        """Global random generators, library defaults and the process are left as they were."""
        self.component  # noqa: B018 - libraries that it loads have their defaults by now
        changed = self.trial("again")["globals"]
        if changed:
            broken(f"it changed {', '.join(changed)}")

    @check("inputs", "copy an array before you write into it")
    def test_inputs(self) -> None:
        """What the component is given is left as it was."""
        changed = self.trial("first")["inputs"]
        if changed:
            broken(f"it changed what it was given: {', '.join(changed)}")

    @check("stdout", "say it with run.progress, logging or sys.stderr")
    def test_stdout(self) -> None:
        """Nothing is printed: stdout belongs to the results of the command line."""
        said = self.trial("first")["said"].strip()
        if said:
            broken(f"it printed {said.splitlines()[0][:60]!r}")

    def check_seeds(self) -> None:
        """`Broken` unless results depend on the seed exactly where the capability says so."""
        differs = bool(differing(self.answers, self.trial("other", SEED + 1)["answers"]))
        if differs and not self.declares(RANDOM):
            broken(f"results depend on the seed, and the spec does not declare the capability {RANDOM!r}")
        if not differs and self.declares(RANDOM):
            broken(f"seeds {SEED} and {SEED + 1} gave the same, and the spec declares the capability {RANDOM!r}")


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
