"""Who wins, and who is refused with which words, when plugins are in each other's way.

``PARETOREC_WRITE_DOCS=1`` writes docs/plugin-conflicts.md; else the page is compared with what happens.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fake_site import Site

from paretorec.components import pinned
from paretorec.config import RunConfig
from paretorec.errors import ParetoRecError
from paretorec.registry import Candidate, Registry, RegistrySettings
from paretorec.registry.lock import lock, to_toml
from paretorec.registry.settings import read_settings

PAGE = Path(__file__).resolve().parent.parent / "docs" / "plugin-conflicts.md"

BUILT_IN = Candidate("encoder", "transformer", "paretorec", "0.1.0", "paretorec_plugins.sequence")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Two third parties; both have a gru, and Acme also another transformer."""
    made = Site(tmp_path_factory.mktemp("site"))
    sys.path.insert(0, str(made.folder))
    for distribution, points in (
        ("acme-paretorec", {"gru": "acme_models", "transformer": "acme_models"}),
        ("other-paretorec", {"gru": "other_models"}),
    ):
        module = points["gru"]
        made.module(module, "raise SystemExit('imported')")
        made.record(made.install(distribution, {"encoder": points}, "2.1"), module)
    yield made
    sys.path.remove(str(made.folder))
    assert not {"acme_models", "other_models"} & set(sys.modules), "somebody was imported"


def said(act: Callable[[], object]) -> str:
    with pytest.raises(ParetoRecError) as caught:
        act()
    return f"{type(caught.value).__name__}: {caught.value}"


@pytest.fixture(scope="module")
def rows(site: Site, tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, str, str]]:
    """(situation, what the file or the configuration says, what happens)."""
    file = tmp_path_factory.mktemp("files") / "registry.toml"
    found: list[tuple[str, str, str]] = []

    def registry(text: str = "", *candidates: Candidate) -> Registry:
        file.write_text(text)
        return Registry(candidates or (BUILT_IN, *site.candidates()), files=[file])

    def refused(situation: str, text: str, use: str, why: Registry | None = None) -> None:
        message = said(lambda: (why or registry(text)).resolve("encoder", use, f"encoders.{use.rpartition('/')[2]}"))
        found.append((situation, text or f'use = "{use}"', message))

    def note(situation: str, text: str, use: str) -> None:
        entry = next(e for e in registry(text).available() if use == f"{e.distribution}/{e.name}")
        found.append((situation, text, f"`plugins list` says {entry.state}: {entry.note}" if entry.note else "used"))

    refused("Two third parties with one name", "", "gru")
    note(
        "... and a line that settles it: the other", '[choose]\n"encoder.gru" = "acme-paretorec"', "other-paretorec/gru"
    )
    note("A third party with a built-in's name", "", "acme-paretorec/transformer")
    note(
        "... and a line that chooses it: the built-in",
        '[choose]\n"encoder.transformer" = "acme-paretorec"',
        "paretorec/transformer",
    )
    refused("Denied", '[trust.deny]\nacme-paretorec = "corrupts checkpoints"', "acme-paretorec/gru")
    refused(
        "Denied, but chosen: never a fallback",
        '[trust.deny]\nacme-paretorec = "corrupts checkpoints"\n[choose]\n"encoder.transformer" = "acme-paretorec"',
        "transformer",
    )
    refused("Not allowed", '[trust]\nmode = "listed"\n[trust.allow]\nother-paretorec = ""', "acme-paretorec/gru")
    refused("Built-ins only", '[trust]\nmode = "builtin"', "gru")
    refused("Another version than allowed", '[trust]\nmode = "listed"\n[trust.allow]\nacme-paretorec = "<2"', "gru")
    refused("Chosen, but absent", '[choose]\n"encoder.transformer" = "gone-paretorec"', "transformer")
    refused("Named by its distribution, but absent", "", "gone-paretorec/gru")
    refused("Another version than locked", '[lock.acme-paretorec]\nversion = "2.0"', "acme-paretorec/gru")
    refused("Not in the lock", '[lock.other-paretorec]\nversion = "2.1"', "acme-paretorec/gru")

    locked = lock(["acme-paretorec"])
    as_locked = to_toml(RegistrySettings(lock={"acme-paretorec": locked["acme-paretorec"]})).split("[lock", 1)
    file.write_text(f"[lock{as_locked[1]}")
    settings = read_settings(file)
    shown = '[lock.acme-paretorec]\nversion = "2.1"\nrecord = "..."'
    module = site.folder / "acme_models.py"
    module.write_text(module.read_text() + "# changed\n")
    for situation in ("A file changed after the lock was written", "The RECORD changed after the lock was written"):
        changed = Registry(site.candidates(), files=(), settings=settings)
        refused(situation, shown, "acme-paretorec/gru", changed)
        site.record(site.folder / "acme_paretorec-2.1.dist-info", "acme_models")

    site.module("light_models", LIGHT)
    installed = Registry((Candidate("encoder", "gru", "acme-paretorec", "2.1", "light_models"),), files=())
    for situation, made_with in (
        ("A saved run's plugin is absent", "gone-paretorec"),
        ("A saved run was made with another version", "acme-paretorec"),
    ):
        entry = {"kind": "encoder", "instance": "gru", "name": "gru", "distribution": made_with, "version": "1.4"}
        found.append((situation, "", said(lambda entry=entry: pinned(RunConfig(), [entry], installed, "runs/shop"))))
    return found


LIGHT = """
from paretorec.contracts import ComponentConfig, ComponentSpec, hookimpl
@hookimpl
def paretorec_encoders():
    return [ComponentSpec("gru", object, ComponentConfig, "")]
"""


def page(rows: list[tuple[str, str, str]]) -> str:
    """The results as Markdown."""

    def code(text: str) -> str:
        return "<br>".join(f"`{line}`" for line in text.splitlines())

    lines = [
        "# When plugins are in each other's way",
        "",
        "Written by `PARETOREC_WRITE_DOCS=1 pytest tests/test_plugin_conflicts.py`, which provokes every case: two",
        "third parties, `acme-paretorec` and `other-paretorec`, both offer an encoder `gru`, and Acme also offers a",
        "`transformer`, as the built-ins do. The order of installation decides nothing; nobody refused is imported;",
        "who was chosen and cannot be used is an error, never a reason to take another.",
        "",
        "| situation | registry.toml or configuration | what happens |",
        "|---|---|---|",
        *(f"| {situation} | {code(text)} | {message} |" for situation, text, message in rows),
        "",
    ]
    return "\n".join(lines)


def test_every_message_is_one_sentence_that_says_what_to_do(rows):
    for situation, _, message in rows:
        assert "\n" not in message, situation
        assert any(way in message for way in ("`", "pip install", "add the line", "use", "trust", "denied", "means"))


def test_the_page_says_what_happens(rows):
    text = page(rows)
    if os.environ.get("PARETOREC_WRITE_DOCS"):
        PAGE.write_text(text, encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == text
