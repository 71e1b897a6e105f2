"""What people write for a kind and a component on the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from paretorec.registry import Registry


def check_kind(kind: str) -> None:
    """Raises `ConfigError` for a kind that there is not."""
    from paretorec.contracts.component import KINDS
    from paretorec.errors import ConfigError
    from paretorec.registry.explain import nearest

    if kind not in KINDS:
        raise ConfigError(f"there is no kind of component {kind!r}{nearest(kind, KINDS)}")


def address(registry: Registry, component: str) -> tuple[str, str]:
    """The kind and the `use` that a person means; a kind may be left out where only one has the name."""
    from paretorec.errors import AmbiguousComponent, ComponentNotFound
    from paretorec.registry.explain import nearest

    kind, dot, use = component.partition(".")
    if dot and "/" not in kind:
        check_kind(kind)
        return kind, use
    entries = registry.available()
    name = component.rpartition("/")[2]
    kinds = list(dict.fromkeys(entry.kind for entry in entries if entry.name == name))
    if not kinds:
        raise ComponentNotFound(f"there is no component {name!r}{nearest(name, [entry.name for entry in entries])}")
    if len(kinds) > 1:
        ways = " or ".join(f"{kind}.{component}" for kind in kinds)
        raise AmbiguousComponent(f"{name!r} is of {len(kinds)} kinds: say {ways}")
    return kinds[0], component
