"""What the shell offers after TAB: names of components and of kinds; no plugin is imported for it."""

from __future__ import annotations


def components(incomplete: str) -> list[tuple[str, str]]:
    """(KIND.NAME or KIND.DISTRIBUTION/NAME, who offers it) of everything that may be used."""
    from paretorec.registry import Registry

    found = []
    for entry in Registry().available():
        if entry.state in {"ready", "shadowed"}:
            use = entry.name if entry.state == "ready" else f"{entry.distribution}/{entry.name}"
            found.append((f"{entry.kind}.{use}", f"{entry.distribution} {entry.version}".rstrip()))
    return [(name, who) for name, who in found if name.startswith(incomplete)]


def kinds(incomplete: str) -> list[str]:
    """Kinds of component."""
    from paretorec.contracts.component import KINDS

    return [kind for kind in KINDS if kind.startswith(incomplete)]
