"""What is installed: entry points, read once into an immutable tuple; nobody's code is imported."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import Distribution, EntryPoint, entry_points
from typing import Final

from paretorec.contracts.component import GROUPS, Provenance

BUILTIN: Final = "paretorec"
"""The distribution that keeps its components' short names."""

_KINDS: Final = {group: kind for kind, group in GROUPS.items()}


def canonical(distribution: str) -> str:
    """A distribution's name as PEP 503 compares it: ``Acme_ParetoRec`` and ``acme-paretorec`` are one."""
    return re.sub(r"[-_.]+", "-", distribution).lower()


@dataclass(frozen=True, slots=True, order=True)
class Candidate:
    """A component that an installed distribution declares. Only its name is known, and who offers it."""

    kind: str
    name: str
    """The entry-point name."""
    distribution: str
    version: str
    module: str
    """The entry point's value: an import-light module with hook functions."""

    @property
    def builtin(self) -> bool:
        return canonical(self.distribution) == BUILTIN

    @property
    def qualified(self) -> str:
        """``distribution/name``: a `use` that means this candidate and no other."""
        return f"{self.distribution}/{self.name}"

    @property
    def provenance(self) -> Provenance:
        return Provenance(self.distribution, self.version, self.module, self.builtin)

    def __str__(self) -> str:
        return f"{self.distribution} {self.version} ({self.module})"


def find(points: Iterable[EntryPoint]) -> tuple[Candidate, ...]:
    """The candidates among `points`, sorted, so that nothing depends on the order of installation."""
    points = tuple(points)  # keeps the distributions alive, whose identities are the keys of `known`
    known: dict[int, tuple[str, str]] = {}
    found = set()
    for point in points:
        kind = _KINDS.get(point.group)
        if kind is None or point.dist is None:
            continue
        # A distribution's METADATA is parsed only if it matched, and once: parsing all takes longer than the scan.
        name, version = known.get(id(point.dist)) or known.setdefault(id(point.dist), _identity(point.dist))
        found.add(Candidate(kind, point.name, name, version, point.value.strip()))
    return tuple(sorted(found))


def _identity(distribution: Distribution) -> tuple[str, str]:
    # Half-deleted installations have no METADATA; their entry points are still listed, under a name that says so.
    metadata = distribution.metadata
    if metadata is None or not metadata["Name"]:
        return "(no metadata)", "(unknown)"
    return metadata["Name"], metadata["Version"] or "(unknown)"


@cache
def scan() -> tuple[Candidate, ...]:
    """Everything that is installed. The standard library keeps no cache of its own, so this one lasts the process."""
    installed = entry_points()
    return find(point for group in _KINDS for point in installed.select(group=group))


def refresh() -> tuple[Candidate, ...]:
    """Scan again, after something was installed while this process ran; existing registries do not change."""
    importlib.invalidate_caches()  # folders' listings, too, are remembered: of metadata and of modules
    scan.cache_clear()
    return scan()
