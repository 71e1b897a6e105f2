"""The registry: from what a configuration names to a component that is ready to work."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from paretorec.contracts.component import KINDS, ComponentConfig, ComponentRef, ComponentSpec, Provenance
from paretorec.errors import ComponentNotFound, ConfigError, LockMismatch, MissingDependency, ParetoRecError
from paretorec.registry.blame import Origins
from paretorec.registry.choose import Available, flow_order, mismatch, select, standings
from paretorec.registry.discovery import Candidate, canonical, scan
from paretorec.registry.explain import explain, nearest
from paretorec.registry.load import Loader, check, config_model, failure, missing, refer
from paretorec.registry.lock import changes
from paretorec.registry.settings import RegistrySettings, merge, named_files, packaged_file, read_settings
from paretorec.registry.snapshot import spec_from_json, spec_to_json

HOST: Final = "(host)"
"""Stands for the distribution of components that the host application added itself."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """A component whose plugin was loaded: its spec, and who made it."""

    kind: str
    spec: ComponentSpec
    provenance: Provenance

    @property
    def qualified(self) -> str:
        """What to write as `use` to get this component and no other; manifests and checkpoints keep it."""
        return f"{self.provenance.distribution}/{self.spec.name}"

    @property
    def origin(self) -> str:
        """Component, distribution, version and module, as errors about the plugin itself name it."""
        return f"{self.kind} {self.spec.name!r} of {self.provenance}"

    def __str__(self) -> str:
        return f"{self.kind} {self.spec.name!r} of {self.provenance.distribution} {self.provenance.version}".rstrip()


@dataclass(frozen=True, slots=True)
class Built:
    """A component, the configuration that it was made with, and where it comes from."""

    component: Any
    config: ComponentConfig
    resolved: Resolved


class Registry:
    """The components that one engine may use. Registries share nothing but the scan of what is installed.

    candidates: what there is to choose from; None: everything installed; ``()``: no discovery.
    files: the host's registry.toml files, the later the more specific; None: those that the environment variable
    PARETOREC_REGISTRY names, if it does; ``()``: none.
    settings: the most specific layer. All layers lie upon the packaged registry.toml.
    """

    def __init__(
        self,
        candidates: Iterable[Candidate] | None = None,
        files: Iterable[str | Path] | None = None,
        settings: RegistrySettings | None = None,
    ) -> None:
        found = scan() if candidates is None else tuple(candidates)
        named = (packaged_file(), *(named_files() if files is None else map(Path, files)))
        layers = [read_settings(path) for path in named]
        self._begin(found, named, merge([*layers, settings or RegistrySettings()]))

    def _begin(self, candidates: tuple[Candidate, ...], files: tuple[Path, ...], settings: RegistrySettings) -> None:
        self.candidates = candidates
        self.files = files
        self.settings = settings
        self.origins = Origins()
        self._loader = Loader()
        self._added: dict[tuple[str, str], Resolved] = {}
        self._stayed: dict[tuple[str, str], str] = {}
        self._resolved: dict[tuple[str, str], Resolved] = {}
        self._verified: dict[str, str] = {}
        self._lock = threading.Lock()

    def snapshot(self) -> dict[str, Any]:
        """This registry as a JSON document of import strings, for `from_snapshot` in another process.

        Components that the host added travel if their factory and config can be imported there; a closure stays
        behind, and whoever asks for it there is told why. Whatever `[lock]` names is verified here.
        """
        added, stayed = [], dict(self._stayed)
        for (kind, name), resolved in self._added.items():
            try:
                added.append({"kind": kind, "spec": spec_to_json(resolved.spec)})
            except ConfigError as error:
                stayed[kind, name] = str(error)
        for candidate in self.candidates:
            self._difference(candidate)
        return {
            "candidates": [asdict(candidate) for candidate in self.candidates],
            "settings": self.settings.model_dump(mode="json"),
            "added": added,
            "stayed": [{"kind": kind, "name": name, "why": why} for (kind, name), why in stayed.items()],
            "verified": dict(self._verified),
        }

    @classmethod
    def from_snapshot(cls, document: Mapping[str, Any]) -> Registry:
        """The registry that `snapshot` described: nothing is scanned, no file and no metadata is read."""
        registry = cls.__new__(cls)
        candidates = tuple(Candidate(**candidate) for candidate in document["candidates"])
        registry._begin(candidates, (), RegistrySettings.model_validate(document["settings"]))
        for entry in document["added"]:
            registry.add(entry["kind"], spec_from_json(entry["spec"]), replace=True)
        registry._stayed = {(entry["kind"], entry["name"]): entry["why"] for entry in document["stayed"]}
        registry._verified = dict(document["verified"])
        return registry

    def add(self, kind: str, spec: ComponentSpec, *, replace: bool = False) -> None:
        """Offer a component of the host's own, without packaging. It comes before everything installed.

        Raises `ConfigError` when the name is taken and `replace` is not set.
        """
        self._check_kind(kind)
        check(spec, f"{kind} {spec.name!r} of the host", "the host application")
        with self._lock:
            taken = (kind, spec.name) in self._added or any(
                (candidate.kind, candidate.name) == (kind, spec.name) for candidate in self.candidates
            )
            if taken and not replace:
                raise ConfigError(
                    f"there is a {kind} {spec.name!r} already: give replace=True to put another in its place"
                )
            module = spec.factory.partition(":")[0] if isinstance(spec.factory, str) else spec.factory.__module__
            self._added[kind, spec.name] = Resolved(kind, spec, Provenance(HOST, "", module))
            self._resolved.clear()

    def available(self) -> tuple[Available, ...]:
        """Every component there is, and whether it may be used. Nobody's code is imported."""
        installed = [
            replace(entry, state="shadowed", default=False, note="the host put its own in this one's place")
            if (entry.kind, entry.name) in self._added and entry.state in {"ready", "ambiguous"}
            else entry
            for entry in standings(self.candidates, self.settings)
        ]
        added = [
            Available(
                kind=kind,
                name=name,
                distribution=HOST,
                version="",
                module=resolved.provenance.module,
                builtin=False,
                state="ready",
                default=self.settings.defaults.get(kind) == name,
            )
            for (kind, name), resolved in self._added.items()
        ]
        return tuple(sorted([*installed, *added], key=flow_order))

    def default(self, kind: str) -> str:
        """The `use` of a configuration that names no component of this kind. Raises `ConfigError`."""
        self._check_kind(kind)
        if kind not in self.settings.defaults:
            raise ConfigError(f"no {kind} is named, and [defaults] of registry.toml has none: say which in `use`")
        return self.settings.defaults[kind]

    def resolve(self, kind: str, use: str, where: str = "") -> Resolved:
        """Find and load what `use` means; `where` is the configuration key that messages begin with.

        A dictionary look-up after the first time. Raises `ComponentNotFound`, `ComponentDenied`, `LockMismatch`,
        `AmbiguousComponent` or `PluginLoadError`.
        """
        found = self._resolved.get((kind, use))
        if found is None:
            found = self._resolved[kind, use] = self._resolve(kind, use, where)
        return found

    def _resolve(self, kind: str, use: str, where: str) -> Resolved:
        self._check_kind(kind)
        name = use.removeprefix(f"{HOST}/")
        if (kind, name) in self._added:
            return self._added[kind, name]
        at = f"{where}.use: " if where else ""
        if (kind, name) in self._stayed:
            raise ComponentNotFound(f"{at}{kind} {name!r} stayed in the host's process: {self._stayed[kind, name]}")
        if name != use:
            raise ComponentNotFound(f"{at}{kind} {name!r} is a host application's own: registry.add({kind!r}, spec) it")
        added = [Candidate(kind, name, HOST, "", "") for kind, name in self._added]
        return self.load(select(kind, use, [*self.candidates, *added], self.settings, where), at)

    def load(self, candidate: Candidate, at: str = "") -> Resolved:
        """Load exactly this candidate, whatever its short name means; `at` begins the message of a `LockMismatch`.

        Raises that or `PluginLoadError`.
        """
        differs = self._difference(candidate)
        if differs:
            raise LockMismatch(f"{at}{candidate.kind} {candidate.name!r} of {candidate} is not as locked: {differs}")
        return Resolved(candidate.kind, self._loader.spec(candidate), candidate.provenance)

    def _difference(self, candidate: Candidate) -> str:
        """How what is installed is not what `[lock]` names; a distribution's files are read once."""
        differs = mismatch(candidate, self.settings)
        if differs or not self.settings.lock:
            return differs
        name = canonical(candidate.distribution)
        if name not in self._verified:
            self._verified[name] = changes(candidate.distribution, self.settings.lock[name])
        return self._verified[name]

    def model(self, resolved: Resolved) -> type[ComponentConfig]:
        """The component's configuration model. Raises `PluginLoadError`."""
        return config_model(resolved.spec, resolved.origin)

    def factory(self, resolved: Resolved) -> Any:
        """What makes the component. Raises `MissingDependency` or `PluginLoadError`."""
        self._check_needs(resolved)
        return refer(resolved.spec.factory, resolved.origin, "factory")

    def validate(self, kind: str, ref: ComponentRef, where: str = "") -> ComponentConfig:
        """The component's configuration, checked by its own model; nothing is built.

        Raises `ConfigError` in one sentence with the whole key, such as ``encoders.transformer.params.width``.
        """
        return self._configure(self.resolve(kind, ref.use, where), ref, where)

    def build(self, kind: str, ref: ComponentRef, where: str = "") -> Built:
        """Make the component that `ref` asks for; `where` is its key, such as ``encoders.transformer``."""
        resolved = self.resolve(kind, ref.use, where)
        self._check_needs(resolved)
        config = self._configure(resolved, ref, where)
        factory = self.factory(resolved)
        try:
            component = factory(config)
        except ParetoRecError:
            raise  # the component's own sentence about its configuration
        except Exception as error:
            raise failure(resolved.origin, "making it", error) from error
        self.origins.remember(component, resolved.origin)
        return Built(component, config, resolved)

    def _configure(self, resolved: Resolved, ref: ComponentRef, where: str) -> ComponentConfig:
        model = self.model(resolved)
        try:
            return model.model_validate(ref.params)
        except ValidationError as error:
            key = f"{where}.params" if where else "params"
            raise ConfigError(f"{explain(error, model, ref.params, key)} ({resolved})") from error

    def _check_needs(self, resolved: Resolved) -> None:
        absent = missing(resolved.spec)
        if absent:
            package = resolved.spec.install or " ".join(name.partition(".")[0].replace("_", "-") for name in absent)
            raise MissingDependency(
                f"{resolved.kind} {resolved.spec.name!r} needs {' and '.join(absent)}: pip install '{package}'"
            )

    def _check_kind(self, kind: str) -> None:
        if kind not in KINDS:
            raise ConfigError(f"there is no kind of component {kind!r}{nearest(kind, KINDS)}")
