"""What is installed: entry points, read once into an immutable tuple; nobody's code is imported."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import Distribution, distributions
from typing import Final

from paretorec.contracts.component import GROUPS, Provenance

BUILTIN: Final = "paretorec"
"""The distribution that keeps its components' short names."""

BROKEN: Final = "(no metadata)"
"""Stands for the name of a distribution whose METADATA is gone: half removed, and not to be used."""

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
        return str(self.provenance)


def find(installed: Iterable[Distribution]) -> tuple[Candidate, ...]:
    """The candidates that these distributions declare, sorted, so that nothing depends on the order of installation.

    Of two installations of one distribution the first counts, as it does for imports; one that lost its METADATA
    never hides a whole one.
    """
    whole: dict[str, tuple[str, str, Distribution]] = {}
    broken = []
    for distribution in installed:
        # Parsing every entry point, and every METADATA, takes longer than the scan.
        if "paretorec." not in (distribution.read_text("entry_points.txt") or ""):
            continue
        metadata = distribution.metadata
        if metadata is None or not metadata["Name"]:
            broken.append((BROKEN, "", distribution))
        else:
            name = metadata["Name"]
            whole.setdefault(canonical(name), (name, metadata["Version"] or "", distribution))
    return tuple(
        sorted(
            {
                Candidate(_KINDS[point.group], point.name, name, version, point.value.strip())
                for name, version, distribution in (*whole.values(), *broken)
                for point in distribution.entry_points
                if point.group in _KINDS
            }
        )
    )


@cache
def scan() -> tuple[Candidate, ...]:
    """Everything that is installed. The standard library keeps no cache of its own, so this one lasts the process."""
    return find(distributions())


def refresh() -> tuple[Candidate, ...]:
    """Scan again, after something was installed while this process ran; existing registries do not change."""
    importlib.invalidate_caches()  # folders' listings, too, are remembered: of metadata and of modules
    scan.cache_clear()
    return scan()
