"""Who is meant by a name: a qualified name, `[choose]`, the built-in's right to its short name, `[trust]`, `[lock]`.

Pure functions of the candidates and the settings; the order of installation never matters.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Final, Literal

from packaging.specifiers import SpecifierSet

from paretorec.contracts.component import KINDS
from paretorec.errors import (
    AmbiguousComponent,
    ComponentDenied,
    ComponentNotFound,
    LockMismatch,
    PluginError,
    PluginLoadError,
)
from paretorec.registry.discovery import BROKEN, Candidate, canonical
from paretorec.registry.explain import nearest
from paretorec.registry.settings import RegistrySettings, Trust

Standing = Literal["ready", "shadowed", "ambiguous", "denied", "untrusted", "unlocked", "differs", "broken"]


LOCK_AGAIN: Final = "write the lock again with `paretorec plugins lock CONFIG`"


@dataclass(frozen=True, slots=True)
class Available:
    """A component as `paretorec plugins list` shows it; known without importing it."""

    kind: str
    name: str
    distribution: str
    version: str
    module: str
    builtin: bool
    state: Standing
    """``ready``: what the short name means. ``shadowed``: reached by its qualified name or by `[choose]` only.
    ``ambiguous``: reached by its qualified name, until `[choose]` settles the short one. ``denied`` and
    ``untrusted``: `[trust]` forbids it. ``unlocked``: `[lock]` does not name its distribution; ``differs``: it names
    another version. ``broken``: its distribution is half removed."""
    default: bool
    """Whether it is used where a configuration names no component of the kind."""
    note: str = ""
    """Why `state` is not ``ready``."""


def flow_order(entry: Available) -> tuple[int, str, str]:
    """Sorts by kind, in the order of the flow, then by name."""
    return KINDS.index(entry.kind), entry.name, entry.distribution


def refusal(candidate: Candidate, settings: RegistrySettings) -> tuple[Standing, str] | None:
    """Why a candidate may not be used: it is half removed, `[trust]` forbids it, `[lock]` does not know it."""
    if candidate.distribution == BROKEN:
        return "broken", "its distribution is half removed: `paretorec doctor` names the folder to delete"
    refused = _distrust(candidate, settings.trust)
    if refused or candidate.builtin or not settings.lock or canonical(candidate.distribution) in settings.lock:
        return refused
    return "unlocked", f"[lock] does not name {candidate.distribution}: {LOCK_AGAIN}"


def mismatch(candidate: Candidate, settings: RegistrySettings) -> str:
    """How a candidate's version is not what `[lock]` names; empty: it is."""
    if not settings.lock:
        return ""
    locked = settings.lock.get(canonical(candidate.distribution))
    if locked is None:
        return f"[lock] does not name {candidate.distribution}: {LOCK_AGAIN}"
    if locked.version == candidate.version:
        return ""
    return (
        f"[lock] wants {candidate.distribution} {locked.version}, installed is {candidate.version}: "
        f"pip install '{candidate.distribution}=={locked.version}', or {LOCK_AGAIN}"
    )


def _distrust(candidate: Candidate, trust: Trust) -> tuple[Standing, str] | None:
    distribution = canonical(candidate.distribution)
    if distribution in trust.deny:
        return "denied", trust.deny[distribution] or "no reason given"
    if candidate.builtin or trust.mode == "any":
        return None
    if trust.mode == "builtin":
        return "untrusted", '[trust] mode is "builtin"'
    if distribution not in trust.allow:
        return "untrusted", f'[trust] mode is "listed", and [trust.allow] has no "{distribution}"'
    versions = trust.allow[distribution]
    if versions and not SpecifierSet(versions).contains(candidate.version, prereleases=True):
        return "untrusted", f'[trust.allow] wants {distribution} "{versions}", installed is {candidate.version}'
    return None


def select(
    kind: str, use: str, candidates: Sequence[Candidate], settings: RegistrySettings, where: str = ""
) -> Candidate:
    """The one candidate that `use` means; `where` is the configuration key that messages begin with.

    Raises `ComponentNotFound`, `ComponentDenied`, `AmbiguousComponent` or `LockMismatch`. Whoever was chosen and is
    absent, denied or not as locked is an error, never a reason to take another.
    """
    at = f"{where}.use: " if where else ""
    owner, _, name = use.rpartition("/")
    rivals = [candidate for candidate in candidates if (candidate.kind, candidate.name) == (kind, name)]
    line = f'"{kind}.{name}"'
    if owner:
        rivals = _of_distribution(kind, name, owner, f"{use!r} asks for it", candidates, at)
    elif f"{kind}.{name}" in settings.choose:
        chosen = settings.choose[f"{kind}.{name}"]
        rivals = _of_distribution(kind, name, chosen, f'[choose] {line} = "{chosen}" asks for it', candidates, at)
    if not rivals:
        hint = _other_kind(name, candidates) + _near(kind, name, candidates)
        raise ComponentNotFound(f"{at}there is no {kind} {name!r}{hint}")
    usable = [candidate for candidate in rivals if refusal(candidate, settings) is None]
    if not usable:
        state, reason = refusal(rivals[0], settings) or ("denied", "")
        raise (PluginLoadError if state == "broken" else ComponentDenied)(
            f"{at}{kind} {name!r} of {rivals[0]} is {state}: {reason}"
        )
    usable = [candidate for candidate in usable if candidate.builtin] or usable
    if len({canonical(candidate.distribution) for candidate in usable}) > 1:
        offers = " and ".join(map(str, usable))
        raise AmbiguousComponent(
            f"{at}{offers} offer {'an' if kind[0] in 'aeiou' else 'a'} {kind} {name!r}: "
            f'add the line {line} = "{usable[0].distribution}", or another of them, to [choose] in registry.toml'
        )
    if len(usable) > 1:
        modules = " and ".join(candidate.module for candidate in usable)
        raise AmbiguousComponent(f"{at}{usable[0].distribution} declares its {kind} {name!r} twice ({modules})")
    # Only now: a built-in that is not as locked must not leave its name to whoever else has it.
    differs = mismatch(usable[0], settings)
    if differs:
        raise LockMismatch(f"{at}{kind} {name!r} of {usable[0]} is not as locked: {differs}")
    return usable[0]


def standings(candidates: Sequence[Candidate], settings: RegistrySettings) -> tuple[Available, ...]:
    """Every candidate and whether its short name means it, in the order of the flow. Imports nothing."""
    defaults = {}
    for kind, use in settings.defaults.items():
        try:
            defaults[kind] = select(kind, use, candidates, settings)
        except PluginError:
            continue
    offers = Counter((candidate.kind, candidate.name) for candidate in candidates)
    listed = []
    for candidate in candidates:
        state, note = _usable(candidate, settings)
        key = f"{candidate.kind}.{candidate.name}"
        if state == "ready" and (offers[candidate.kind, candidate.name] > 1 or key in settings.choose):
            state, note = _in_dispute(candidate, candidates, settings)
        default = defaults.get(candidate.kind) == candidate
        listed.append(
            Available(**asdict(candidate), builtin=candidate.builtin, state=state, default=default, note=note)
        )
    return tuple(sorted(listed, key=flow_order))


def _usable(candidate: Candidate, settings: RegistrySettings) -> tuple[Standing, str]:
    refused = refusal(candidate, settings)
    if refused:
        return refused
    differs = mismatch(candidate, settings)
    return ("differs", differs) if differs else ("ready", "")


def _in_dispute(
    candidate: Candidate, candidates: Sequence[Candidate], settings: RegistrySettings
) -> tuple[Standing, str]:
    try:
        meant = select(candidate.kind, candidate.name, candidates, settings)
    except AmbiguousComponent as error:
        return "ambiguous", str(error)
    except PluginError as error:
        return "shadowed", str(error)
    if meant == candidate:
        return "ready", ""
    return "shadowed", f"{candidate.name!r} means that of {meant.distribution}; this one is {candidate.qualified!r}"


def _of_distribution(
    kind: str, name: str, owner: str, why: str, candidates: Sequence[Candidate], at: str
) -> list[Candidate]:
    theirs = [candidate for candidate in candidates if canonical(candidate.distribution) == canonical(owner)]
    found = [candidate for candidate in theirs if (candidate.kind, candidate.name) == (kind, name)]
    if found:
        return found
    if theirs:
        hint = _near(kind, name, theirs)
        raise ComponentNotFound(f"{at}{theirs[0].distribution} has no {kind} {name!r}, and {why}{hint}")
    raise ComponentNotFound(f"{at}no distribution {owner!r} is installed, and {why}: pip install {owner}")


def _near(kind: str, name: str, candidates: Sequence[Candidate]) -> str:
    return nearest(name, [candidate.name for candidate in candidates if candidate.kind == kind])


def _other_kind(name: str, candidates: Sequence[Candidate]) -> str:
    kinds = sorted({candidate.kind for candidate in candidates if candidate.name == name})
    return f" ({name!r} is of kind {' and '.join(kinds)})" if kinds else ""
