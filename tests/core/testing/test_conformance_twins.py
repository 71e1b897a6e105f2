"""Every check of the kit catches a component that is broken in just that way.

``PARETOREC_WRITE_DOCS=1`` writes the table into docs/results/conformance.md; else it is compared with it.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import broken_data
import broken_deciders
import broken_indexes
import broken_learners
import broken_packages
import broken_wishes
import pytest
from broken_twins import EVERYWHERE, STRANGERS, THREADS

from paretorec.contracts import KINDS
from paretorec.testing import contract_of

PAGE = Path(__file__).resolve().parents[3] / "docs" / "results" / "conformance.md"
FILES = (broken_packages, broken_data, broken_learners, broken_indexes, broken_wishes, broken_deciders)
TWINS = {
    made.check: made for made in (*EVERYWHERE, *THREADS, *STRANGERS, *(made for file in FILES for made in file.TWINS))
}
CHECKS = {check.id: check for kind in KINDS for check in contract_of(kind).checks()}


def caught(made):
    """The result of the check that `made` is to be caught by."""
    body = {"spec": made.spec, **made.options}
    contract = type("Twin", (contract_of(made.kind),), body)()
    return contract.result(next(check for check in contract.checks() if check.id == made.check))


@pytest.fixture(scope="module")
def results():
    return {name: caught(made) for name, made in TWINS.items()}


def test_every_check_has_its_twin_and_every_twin_its_check():
    assert set(TWINS) == set(CHECKS)


@pytest.mark.parametrize("name", CHECKS)
def test_the_check_catches_its_twin(results, name):
    assert results[name].outcome == "failed", results[name].message


FOREIGN = {
    *(
        "package.loads",
        "package.light-import",
        "package.builds",
        "package.worker",
        "config.schema",
        "config.round-trip",
    ),
    *("source.mapping", "objective.evaluator", "optimizer.choice", "optimizer.resume", "optimizer.budget"),
    "observer.protocol",
}
"""Checks whose message quotes a library, or another part of core: the page need not follow their wording at once."""


def said(result):
    """The message without what is different in every process and installation."""
    message = re.sub(r" at 0x[0-9a-f]+", "", result.message)
    message = re.sub(r"\S*/archive-", "archive-", message)
    message = re.sub(r"; there are .*", "; there are ...", message)
    return re.sub(r" For further information visit .*", "", message)


def page(results):
    """The table as Markdown."""
    rows = []
    for name, check in CHECKS.items():
        made = TWINS[name]
        cells = (f"`{name}`", check.claim, f"It {made.wrong}.", said(results[name]))
        rows.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(
        [
            "# What the conformance kit catches",
            "",
            "Written by `PARETOREC_WRITE_DOCS=1 pytest tests/core/testing/test_conformance_twins.py`, which breaks a",
            f"sound component of each kind in one way for each of the {len(CHECKS)} checks of `paretorec.testing` and",
            "runs that check. `paretorec plugins check` prints the message, and what to do about it.",
            "",
            "| check | what holds | the broken twin | what is said of it |",
            "|---|---|---|---|",
            *rows,
            "",
        ]
    )


def test_the_page_says_what_is_caught(results):
    text = page(results)
    if os.environ.get("PARETOREC_WRITE_DOCS") == "1":
        PAGE.write_text(text, encoding="utf-8")

    def comparable(markdown):
        lines = markdown.splitlines()
        return [line.rpartition(" | ")[0] if any(f"| `{name}`" in line for name in FOREIGN) else line for line in lines]

    assert comparable(PAGE.read_text(encoding="utf-8")) == comparable(text)
