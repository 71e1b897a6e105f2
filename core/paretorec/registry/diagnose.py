"""Everything that can be wrong with an installation, as values: one broken plugin hides no other."""

from __future__ import annotations

import json
import platform
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, distributions, version
from pathlib import Path
from typing import Any
from urllib.parse import urlparse
from urllib.request import url2pathname

from paretorec.contracts.component import GROUPS
from paretorec.errors import AmbiguousComponent, PluginError
from paretorec.registry.choose import refusal, select
from paretorec.registry.discovery import BROKEN, Candidate, canonical, declarations, identity
from paretorec.registry.load import missing
from paretorec.registry.resolve import Registry


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, and with what; fields that do not apply are empty."""

    problem: str
    """One sentence with the way out."""
    kind: str = ""
    name: str = ""
    distribution: str = ""
    version: str = ""
    module: str = ""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What `diagnose` found."""

    checked: int
    """Components that were loaded, the faulty ones among them."""
    faults: tuple[Fault, ...]
    notes: tuple[str, ...]
    """What is no fault, but explains why a component cannot be used."""


def versions() -> dict[str, str]:
    """The versions that a report of a problem should name."""
    return {
        "paretorec": version("paretorec"),
        "python": platform.python_version(),
        "pluggy": version("pluggy"),
        "pydantic": version("pydantic"),
    }


def diagnose(registry: Registry) -> Diagnosis:
    """Load every candidate that `[trust]` allows, whatever its name means, and check names and metadata.

    Imports the code of every plugin that may be used; never that of a denied one.
    """
    faults: list[Fault] = []
    notes: list[str] = []
    checked = 0
    for candidate in registry.candidates:
        refused = refusal(candidate, registry.settings)
        if refused and refused[0] != "broken":  # of which `_metadata` tells
            notes.append(f"{candidate.kind} {candidate.name!r} of {candidate} is {refused[0]}: {refused[1]}")
        if refused:
            continue
        checked += 1
        try:
            notes.extend(_use(registry, candidate))
        except PluginError as error:
            faults.append(_fault(candidate, str(error)))
    faults.extend(_names(registry))
    faults.extend(_half_removed())
    faults.extend(_metadata(registry.candidates))
    return Diagnosis(checked, tuple(faults), tuple(notes))


def _use(registry: Registry, candidate: Candidate) -> Iterator[str]:
    resolved = registry.load(candidate)
    absent = missing(resolved.spec)
    if absent:
        # An extra that nobody installed is no fault, and its modules need not be importable.
        yield f"{candidate.kind} {candidate.name!r} of {candidate} needs {' and '.join(absent)}"
        return
    registry.model(resolved)
    registry.factory(resolved)


def _fault(candidate: Candidate, problem: str) -> Fault:
    return Fault(problem, candidate.kind, candidate.name, candidate.distribution, candidate.version, candidate.module)


def _names(registry: Registry) -> Iterator[Fault]:
    """Names that are in dispute, and choices and defaults that lead nowhere."""
    short = {(candidate.kind, candidate.name) for candidate in registry.candidates}
    for kind, name in sorted(short):
        try:
            select(kind, name, registry.candidates, registry.settings)
        except AmbiguousComponent as error:
            yield Fault(str(error), kind, name)
        except PluginError:
            continue  # denied, which is a note, or chosen from an absent distribution, which follows
    for key in registry.settings.choose:
        kind, _, name = key.partition(".")
        yield from _leads_nowhere(registry, kind, name)
    for kind, use in registry.settings.defaults.items():
        if f"{kind}.{use}" not in registry.settings.choose:
            yield from _leads_nowhere(registry, kind, use)


def _leads_nowhere(registry: Registry, kind: str, use: str) -> Iterator[Fault]:
    try:
        select(kind, use, registry.candidates, registry.settings)
    except AmbiguousComponent:
        return
    except PluginError as error:
        yield Fault(str(error), kind, use)


def _half_removed() -> Iterator[Fault]:
    """Folders that an interrupted installation or removal left behind."""
    # One folder may stand on sys.path twice, as the current directory and by its name.
    folders = {
        str(Path(getattr(distribution, "_path", "")).resolve())
        for distribution in distributions()
        if declarations(distribution) and not identity(distribution)[0]
    }
    for folder in sorted(folders):
        yield Fault(
            f"{folder} is what is left of a distribution that was half removed: it has no METADATA; delete it, and "
            "install that distribution again if it is needed",
            distribution=BROKEN,
        )


def _metadata(candidates: tuple[Candidate, ...]) -> Iterator[Fault]:
    """Distributions that are installed twice, or whose entry points are not what their source now says."""
    names = {canonical(candidate.distribution) for candidate in candidates}
    installed: dict[str, dict[tuple[str, str], Distribution]] = {}
    for distribution in distributions():
        name = identity(distribution)[0]
        if name and canonical(name) in names:
            place = (str(Path(str(distribution.locate_file(""))).resolve()), distribution.version)
            installed.setdefault(name, {}).setdefault(place, distribution)
    for name, places in sorted(installed.items()):
        if len(places) > 1:
            where = " and ".join(f"{number} in {folder}" for folder, number in places)
            yield Fault(
                f"{name} is installed {len(places)} times ({where}): uninstall it, then install it once",
                distribution=name,
            )
            continue
        stale = _stale(next(iter(places.values())), candidates)
        if stale:
            yield Fault(stale, distribution=name)


def _stale(distribution: Distribution, candidates: tuple[Candidate, ...]) -> str:
    """Why an editable installation has to be repeated; empty: it has not. Entry points are copied at installation."""
    origin: dict[str, Any] = json.loads(distribution.read_text("direct_url.json") or "{}")
    if not origin.get("dir_info", {}).get("editable"):
        return ""
    folder = Path(url2pathname(urlparse(origin["url"]).path))
    try:
        project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8")).get("project", {})
    except (OSError, tomllib.TOMLDecodeError):
        return ""
    if not project or "entry-points" in project.get("dynamic", ()):
        return ""
    groups = project.get("entry-points", {})
    declared = {(kind, *point) for kind, group in GROUPS.items() for point in groups.get(group, {}).items()}
    name = canonical(identity(distribution)[0])
    known = {(c.kind, c.name, c.module) for c in candidates if canonical(c.distribution) == name}
    changed = sorted({f"{kind}.{point}" for kind, point, _ in declared ^ known})
    if not changed:
        return ""
    return f"entry points in {folder / 'pyproject.toml'} changed ({', '.join(changed)}): pip install -e {folder}"
