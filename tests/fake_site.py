"""Fake plugin distributions: real modules and real metadata in a folder of their own, nothing installed."""

from __future__ import annotations

import base64
import hashlib
import sys
from collections.abc import Mapping
from importlib.metadata import distributions
from pathlib import Path
from textwrap import dedent

from paretorec.contracts import GROUPS
from paretorec.registry import Candidate, Registry, RegistrySettings
from paretorec.registry.discovery import find

ENCODER = """
    from paretorec.contracts import ComponentConfig, ComponentSpec, hookimpl
    from pydantic import Field

    class Config(ComponentConfig):
        width: int = Field(default=8, ge=1, description="Numbers per item.")

    class Encoder:
        def __init__(self, config):
            self.width = config.width

    @hookimpl
    def paretorec_encoders():
        return [ComponentSpec("rnn", Encoder, Config, "A recurrent encoder")]
"""
"""A complete plugin: one module that offers the encoder ``rnn``."""


def forget(module: str) -> None:
    """Unimport a plugin: tests that come later in this process may say that nobody imported it."""
    for name in [name for name in sys.modules if name.partition(".")[0] == module]:
        del sys.modules[name]


class Site:
    """A folder on sys.path, as site-packages is."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def module(self, name: str, source: str) -> None:
        """Write a module."""
        (self.folder / f"{name}.py").write_text(dedent(source))

    def install(self, distribution: str, points: Mapping[str, Mapping[str, str]], version: str = "1.0") -> Path:
        """Write a distribution's metadata: kind -> name -> module."""
        info = self.folder / f"{distribution.replace('-', '_')}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n")
        lines = []
        for kind, named in points.items():
            lines += [f"[{GROUPS[kind]}]", *(f"{name} = {module}" for name, module in named.items())]
        (info / "entry_points.txt").write_text("\n".join(lines))
        return info

    def plugin(self, module: str, source: str = ENCODER, kind: str = "encoder", name: str = "rnn") -> Candidate:
        """Write a module and a distribution, named after it, that offers one component."""
        self.module(module, source)
        distribution = module.replace("_", "-")
        self.install(distribution, {kind: {name: module}})
        return Candidate(kind, name, distribution, "1.0", module)

    def record(self, info: Path, *modules: str) -> None:
        """Write the RECORD of a distribution that consists of `modules`, as pip does."""
        lines = []
        for path in [f"{module}.py" for module in modules] + [f"{info.name}/METADATA"]:
            digest = hashlib.sha256((self.folder / path).read_bytes()).digest()
            lines.append(f"{path},sha256={base64.urlsafe_b64encode(digest).rstrip(b'=').decode()},1")
        lines += [f"__pycache__/{module}.cpython-311.pyc,," for module in modules]
        lines += ["../../../bin/acme,sha256=of-this-environment,9", f"{info.name}/INSTALLER,sha256=x,4"]
        (info / "RECORD").write_text("\n".join([*lines, f"{info.name}/RECORD,,"]) + "\n")

    def candidates(self) -> tuple[Candidate, ...]:
        """What is installed in this folder."""
        return find(distributions(path=[str(self.folder)]))

    def registry(self, settings: RegistrySettings | None = None) -> Registry:
        """A registry of what is installed in this folder alone."""
        return Registry(self.candidates(), files=(), settings=settings)
