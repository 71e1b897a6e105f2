"""What the shell offers after TAB, and that nobody's plugin is imported for it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

RUN = "import sys; from paretorec.cli import main\ntry: main()\nfinally: print(*sys.modules, sep=',', file=sys.stderr)"


def offered(line: str) -> tuple[list[str], list[str]]:
    """(what bash is offered at the end of `line`, modules that were imported)."""
    words = {"COMP_WORDS": line, "COMP_CWORD": str(len(line.split(" ")) - 1), "_PARETOREC_COMPLETE": "complete_bash"}
    done = subprocess.run(
        [sys.executable, "-c", RUN], env={**os.environ, **words}, capture_output=True, text=True, check=False
    )
    return done.stdout.split(), done.stderr.split(",")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("paretorec doc", ["doctor"]),
        ("paretorec plugins sh", ["show"]),
        ("paretorec plugins show encoder.popu", ["encoder.popularity"]),
        ("paretorec plugins check rule.cap", ["rule.cap"]),
        ("paretorec plugins new acme --kind enc", ["encoder"]),
        ("paretorec plugins list --kind opti", ["optimizer"]),
    ],
)
def test_words_are_offered_without_importing_a_plugin(line, expected):
    words, modules = offered(line)
    assert words == expected
    assert not [name for name in modules if name.startswith(("paretorec_plugins", "torch", "pandas"))]
