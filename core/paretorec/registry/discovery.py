"""What is installed: entry points, read once into an immutable tuple; nobody's code is imported."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import Distribution, distributions
from typing import Final

from paretorec.contracts.component import GROUPS, Provenance

BUILTIN: Final = "paretorec"
"""The distribution that keeps its components' short names."""

BROKEN: Final = "(no metadata)"
"""Stands for the name of a distribution whose METADATA is gone: half removed, and not to be used."""

_HEADERS: Final = re.compile(r"^(name|version):(.*)$", re.IGNORECASE | re.MULTILINE)

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
    whole: dict[str, list[Candidate]] = {}
    broken: list[Candidate] = []
    for distribution in installed:
        text = declarations(distribution)
        if not text:
            continue
        name, version = identity(distribution)
        found = [Candidate(kind, point, name or BROKEN, version, module) for kind, point, module in _points(text)]
        if name:
            whole.setdefault(canonical(name), found)
        else:
            broken.extend(found)
    return tuple(sorted({candidate for found in (*whole.values(), broken) for candidate in found}))


def declarations(distribution: Distribution) -> str:
    """Its entry points as they stand in the file; empty where none of them can be of a kind of ours."""
    text = distribution.read_text("entry_points.txt") or ""
    return text if "[paretorec." in text else ""


def identity(distribution: Distribution) -> tuple[str, str]:
    """(name, version), empty where METADATA is gone.

    The standard library reads a METADATA as an e-mail, description and all: with 200 plugins installed, that took four
    times as long as everything else here.
    """
    text = distribution.read_text("METADATA") or distribution.read_text("PKG-INFO") or ""
    head = text.partition("\n\n")[0]
    found = {key.lower(): value.strip() for key, value in reversed(_HEADERS.findall(head))}
    return found.get("name", ""), found.get("version", "")


def _points(text: str) -> Iterator[tuple[str, str, str]]:
    """(kind, name, module) of the entry points of our kinds."""
    kind: str | None = None
    for line in map(str.strip, text.splitlines()):
        if line.startswith("["):
            kind = _KINDS.get(line.strip("[] "))
        elif kind and "=" in line and not line.startswith("#"):
            name, _, module = line.partition("=")
            yield kind, name.strip(), module.strip()


@cache
def scan() -> tuple[Candidate, ...]:
    """Everything that is installed. The standard library keeps no cache of its own, so this one lasts the process."""
    return find(distributions())


def refresh() -> tuple[Candidate, ...]:
    """Scan again, after something was installed while this process ran; existing registries do not change."""
    importlib.invalidate_caches()  # folders' listings, too, are remembered: of metadata and of modules
    scan.cache_clear()
    return scan()
