"""What every component keeps to, whatever its kind."""

from __future__ import annotations

import json
import pickle
from typing import Final

from pydantic import ValidationError

from paretorec.errors import ConfigError, MissingDependency, PluginError
from paretorec.registry.resolve import HOST
from paretorec.testing.checks import Broken, broken, check, skip
from paretorec.testing.compare import differing
from paretorec.testing.contract import SEED, WORKER, Contract
from paretorec.testing.models import all_models
from paretorec.testing.processes import light, rebuilt

RANDOM: Final = "random"
"""Capability: what the component does depends on the seed that it is given."""


class ComponentContract(Contract):
    """Packaging, configuration, seeds, and what is left alone."""

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
        if not self.configured:
            self.config  # noqa: B018 - skips
        try:
            self.source.build(self.kind, self.ref)
        except MissingDependency as error:
            skip(str(error))
        except (ConfigError, PluginError) as error:
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
        names = differing(self.answers, self.trial("again").answers)
        if names:
            broken(f"a second time, with seed {SEED} again, {', '.join(names)} came out differently")

    @check("globals", "use a generator of your own, and restore library defaults where you change them")
    def test_globals(self) -> None:
        """Global random generators, library defaults and the process are left as they were."""
        self.component  # noqa: B018 - libraries that it loads have their defaults by now
        changed = self.trial("again").globals
        if changed:
            broken(f"it changed {', '.join(changed)}")

    @check("inputs", "copy an array before you write into it")
    def test_inputs(self) -> None:
        """What the component is given is left as it was."""
        changed = self.trial("first").inputs
        if changed:
            broken(f"it changed what it was given: {', '.join(changed)}")

    @check("stdout", "say it with run.progress, logging or sys.stderr")
    def test_stdout(self) -> None:
        """Nothing is printed: stdout belongs to the results of the command line."""
        printed = self.trial("first").printed
        if printed:
            broken(f"it printed {printed.splitlines()[0][:60]!r}")

    def check_seeds(self) -> None:
        """`Broken` unless results depend on the seed exactly where the capability says so."""
        differs = bool(differing(self.answers, self.trial("other", SEED + 1).answers))
        if differs and not self.declares(RANDOM):
            broken(f"results depend on the seed, and the spec does not declare the capability {RANDOM!r}")
        if not differs and self.declares(RANDOM):
            broken(f"seeds {SEED} and {SEED + 1} gave the same, and the spec declares the capability {RANDOM!r}")


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
