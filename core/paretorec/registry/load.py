"""From a candidate's name to its spec and what the spec refers to: the only place that runs plugins' code on import.

pluggy collects and checks; it selects nothing. Whatever goes wrong is a `PluginLoadError` that names component,
distribution, version, module and phase, with the cause chained.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import pkgutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any, Final

import pluggy

from paretorec.contracts.component import API, HOOKS, NAME_PATTERN, OLDEST_API, ComponentConfig, ComponentSpec
from paretorec.contracts.hooks import ComponentHooks
from paretorec.errors import PluginLoadError
from paretorec.registry.discovery import Candidate

TELL: Final = "upgrade that distribution, or tell its authors"
"""What a person can do about a plugin that is wrong."""


def failure(what: object, doing: str, error: BaseException) -> PluginLoadError:
    """The error that says what foreign code broke, while doing what, and what to do; raise it from `error`."""
    reason = " ".join(str(error).split())
    if isinstance(error, ModuleNotFoundError):
        then = f"install what has the module {error.name}, or reinstall that distribution"
    else:
        then = TELL
    return PluginLoadError(f"cannot use {what}: {doing} failed with {type(error).__name__}: {reason}; {then}")


@contextmanager
def phase(what: object, doing: str) -> Iterator[None]:
    """Turn anything that foreign code raises, also SystemExit, into a `PluginLoadError` about `what`."""
    try:
        yield
    except PluginLoadError:
        raise
    except (Exception, SystemExit) as error:
        raise failure(what, doing, error) from error


def check(spec: ComponentSpec, what: object, upgrade: str) -> None:
    """Whether core can work with a spec; `upgrade` is the distribution to upgrade when the spec is too old."""
    if not NAME_PATTERN.match(spec.name):
        raise PluginLoadError(f"cannot use {what}: its name must be lower case letters, digits and hyphens; {TELL}")
    if not OLDEST_API <= spec.api <= API:
        older = "paretorec" if spec.api > API else upgrade
        keeps = f"version {API}" if OLDEST_API == API else f"versions {OLDEST_API} to {API}"
        raise PluginLoadError(
            f"cannot use {what}: it was written for version {spec.api} of the contracts, and this paretorec has "
            f"{keeps}: upgrade {older}"
        )


def refer(reference: Any, what: object, role: str) -> Any:
    """What a spec's ``"package.module:attribute"`` stands for; anything but text stands for itself."""
    if not isinstance(reference, str):
        return reference
    if ":" not in reference:
        raise PluginLoadError(f"cannot use {what}: its {role} {reference!r} is not 'package.module:attribute'; {TELL}")
    with phase(what, f"importing its {role} {reference!r}"):
        return pkgutil.resolve_name(reference)


def config_model(spec: ComponentSpec, what: object) -> type[ComponentConfig]:
    """The spec's configuration model, imported if need be."""
    model = refer(spec.config, what, "config")
    if not (isinstance(model, type) and issubclass(model, ComponentConfig)):
        raise PluginLoadError(
            f"cannot use {what}: its config {spec.config!r} is not a subclass of ComponentConfig; {TELL}"
        )
    return model


def missing(spec: ComponentSpec) -> tuple[str, ...]:
    """Those of the spec's `needs` that are not installed; nothing but parent packages is imported."""
    return tuple(name for name in spec.needs if not _importable(name))


def _importable(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):
        return False


class Loader:
    """Loads candidates one by one, each module once. Thread-safe; a failed plugin leaves nothing behind."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._manager = pluggy.PluginManager("paretorec")
        self._manager.add_hookspecs(ComponentHooks)
        self._specs: dict[Candidate, ComponentSpec] = {}

    def spec(self, candidate: Candidate) -> ComponentSpec:
        """The spec that the candidate's module returns for its name. Raises `PluginLoadError`."""
        with self._lock:
            if candidate not in self._specs:
                self._specs[candidate] = self._load(candidate)
            return self._specs[candidate]

    def _load(self, candidate: Candidate) -> ComponentSpec:
        what = f"{candidate.kind} {candidate.name!r} of {candidate}"
        hook = HOOKS[candidate.kind]
        with phase(what, "importing its module"):
            module = importlib.import_module(candidate.module)
        with phase(what, "registering its hooks"):
            self._register(module, f"{candidate.distribution}:{candidate.module}")
        with phase(what, f"calling its hook {hook}"):
            specs = self._collect(module, hook)
        names = [spec.name for spec in specs]
        if not names:
            problem = f"its module has no @hookimpl function {hook} that returns a spec"
        elif candidate.name not in names:
            problem = f"its hook {hook} offers only {', '.join(map(repr, names))}"
        elif len(set(names)) < len(names):
            problem = f"its hook {hook} offers a name twice ({', '.join(names)})"
        else:
            problem = ""
        if problem:
            raise PluginLoadError(f"cannot use {what}: {problem}; {TELL}")
        spec = specs[names.index(candidate.name)]
        check(spec, what, candidate.distribution)
        return spec

    def _register(self, module: ModuleType, name: str) -> None:
        if self._manager.is_registered(module):
            return
        try:
            self._manager.register(module, name=name)
            self._manager.check_pending()
            for caller in self._manager.get_hookcallers(module) or ():
                for implementation in caller.get_hookimpls():
                    if implementation.plugin is module:
                        check_hook(implementation)
        except BaseException:
            # pluggy 1.6 keeps half of a plugin whose registration failed, 1.7 nothing of it.
            if self._manager.is_registered(module):
                self._manager.unregister(module)
            raise

    def _collect(self, module: ModuleType, hook: str) -> list[ComponentSpec]:
        specs: list[ComponentSpec] = []
        # Calling the hook would ask every plugin and lose who answered; only this one's functions are called.
        for implementation in getattr(self._manager.hook, hook).get_hookimpls():
            if implementation.plugin is module:
                offered: Any = implementation.function()
                specs.extend(offered)
        strangers = [spec for spec in specs if not isinstance(spec, ComponentSpec)]
        if strangers:
            raise TypeError(f"it returned {strangers[0]!r}, which is no ComponentSpec")
        return specs


def check_hook(implementation: pluggy.HookImpl) -> None:
    """Raise `TypeError` for a hook that cannot just be called."""
    name = implementation.function.__name__
    if inspect.iscoroutinefunction(implementation.function) or inspect.isasyncgenfunction(implementation.function):
        raise TypeError(f"{name} is a coroutine function, and nobody would await it: write a plain one")
    if implementation.hookwrapper or implementation.wrapper:
        raise TypeError(f"{name} is a hook wrapper, and only plain functions are called")
