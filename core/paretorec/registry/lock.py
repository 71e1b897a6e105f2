"""`[lock]`: exactly which distributions a run was made with, and whether they are still what is installed.

A lock notices drift before foreign code is imported; it is no sandbox. What may be installed is pip's to limit.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from paretorec.errors import PluginError
from paretorec.registry.choose import LOCK_AGAIN
from paretorec.registry.discovery import BUILTIN, canonical
from paretorec.registry.settings import SCHEMA, Locked, RegistrySettings

_WRITTEN_BY_INSTALLERS = ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json", "uv_build.json")
"""Metadata files that say how a wheel was installed, not what is in it."""


def lock(names: Iterable[str]) -> dict[str, Locked]:
    """What is installed under these names and under that of the built-ins. Raises `PluginError` for what is not."""
    return {name: _locked(name) for name in sorted({canonical(name) for name in (BUILTIN, *names)})}


def changes(name: str, locked: Locked) -> str:
    """How the files of a distribution are not those that were locked; empty: they are. Reads them all."""
    if not locked.record:
        return ""
    again = f"pip install --force-reinstall '{name}=={locked.version}', or {LOCK_AGAIN}"
    found = _installed(name)
    if found is None:
        return f"it has no metadata here to compare with; {again}"
    if fingerprint(found) != locked.record:
        return f"its RECORD has changed since; {again}"
    changed = next((path for path, digest in _files(found) if _sha256(found, path) != digest), "")
    return f"its file {changed} is not what its RECORD says; {again}" if changed else ""


def fingerprint(found: Distribution) -> str:
    """SHA-256 of what RECORD says of the wheel's own files; empty for editable installations and where it is missing.

    Scripts and byte code are left out, as is what an installer adds: they differ between environments, so that one
    wheel has one fingerprint wherever, and by whichever tool, it was installed.
    """
    if _editable(found):
        return ""
    lines = sorted(f"{path},{digest}" for path, digest in _files(found))
    return hashlib.sha256("\n".join(lines).encode()).hexdigest() if lines else ""


def to_toml(settings: RegistrySettings) -> str:
    """Settings as a registry.toml; Python reads TOML and does not write it."""
    tables: dict[str, dict[str, str]] = {
        "defaults": settings.defaults,
        "trust": {"mode": settings.trust.mode},
        "trust.allow": settings.trust.allow,
        "trust.deny": settings.trust.deny,
        "choose": settings.choose,
    }
    for name, locked in settings.lock.items():
        tables[f"lock.{_key(name)}"] = locked.model_dump()
    lines = [f"schema = {SCHEMA}"]
    for title, values in tables.items():
        lines += ["", f"[{title}]", *(f"{_key(key)} = {_text(value)}" for key, value in values.items())]
    return "\n".join(lines) + "\n"


def _locked(name: str) -> Locked:
    found = _installed(name)
    if found is None:
        raise PluginError(f"{name} is not installed, so it cannot be locked: pip install {name}")
    return Locked(version=found.version, record=fingerprint(found))


def _installed(name: str) -> Distribution | None:
    try:
        return distribution(name)
    except PackageNotFoundError:
        return None


def _files(found: Distribution) -> Iterator[tuple[str, str]]:
    """(path, SHA-256 as RECORD writes it) of the files that came in the wheel."""
    for path, digest, *_ in csv.reader((found.read_text("RECORD") or "").splitlines()):
        name = path.rpartition("/")
        own = not path.startswith(("..", "/")) and not (
            name[0].endswith(".dist-info") and name[2] in _WRITTEN_BY_INSTALLERS
        )
        if own and digest.startswith("sha256="):
            yield path, digest.removeprefix("sha256=")


def _sha256(found: Distribution, path: str) -> str:
    try:
        raw = hashlib.sha256(Path(str(found.locate_file(path))).read_bytes()).digest()
    except OSError:
        return ""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _editable(found: Distribution) -> bool:
    origin = json.loads(found.read_text("direct_url.json") or "{}")
    return bool(origin.get("dir_info", {}).get("editable"))


def _key(key: str) -> str:
    return key if re.fullmatch("[A-Za-z0-9_-]+", key) else _text(key)


def _text(text: str) -> str:
    # JSON's escapes are TOML's, but for the delete character, which TOML wants escaped, too.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
