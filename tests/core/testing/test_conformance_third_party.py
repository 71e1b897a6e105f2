"""The fake third party's components keep to their contracts, found as installed ones are."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from fake_site import forget

from paretorec.contracts import GROUPS
from paretorec.registry import Candidate, Registry, scan
from paretorec.testing import report_of

ROOT = Path(__file__).resolve().parents[3]
PROJECTS = [ROOT / "tests" / "distributions" / "acme_paretorec", *sorted((ROOT / "docs/examples/plugins").iterdir())]


@pytest.mark.parametrize("folder", PROJECTS, ids=lambda folder: folder.name)
def test_it_keeps_to_its_contracts(folder, monkeypatch):
    project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    monkeypatch.syspath_prepend(folder / "src")
    mine = [
        Candidate(kind, name, project["name"], project["version"], module)
        for kind, group in GROUPS.items()
        for name, module in project["entry-points"].get(group, {}).items()
    ]
    installed = [found for found in scan() if found.distribution != project["name"]]
    registry = Registry([*installed, *mine], files=())
    assert mine
    try:
        for component in mine:
            report = report_of(component.kind, component.qualified, registry=registry)
            assert report.ok, "\n".join(report.faults())
            assert report.run >= 14
    finally:
        for component in mine:
            forget(component.module)
