"""What is different about a package of each kind: names, a line of configuration, a run that uses it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True)
class Scaffold:
    """``${name}`` in the texts is the package's name."""

    summary: str
    toml: str
    """How a configuration names it."""
    config: str
    """The same as an entry of a Python dictionary, for the package's own test."""
    capabilities: str = ""
    before: str = ""
    """Lines of the test before the configuration."""
    companions: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Kind -> suffix of the name, and summary, of another component of the package."""


SCAFFOLDS: Final = {
    "source": Scaffold(
        "Interactions from many files with one pattern",
        '[source]\nuse = "${name}"\nparams = { pattern = "exports/*.csv" }',
        '"source": {"use": "${name}", "params": {"pattern": str(tmp_path / "*.csv")}},',
        before=(
            "    rows = [(user, item, day) for user in range(40) for day in range(1, 31) for item in (day, user)]\n"
            "    for half, part in ((1, rows[::2]), (2, rows[1::2])):\n"
            '        lines = [f"u{user},i{item},2026-01-{day:02}" for user, item, day in part]\n'
            '        text = "\\n".join(["user_id,item_id,time", *lines])\n'
            '        (tmp_path / f"{half}.csv").write_text(text, encoding="utf-8")\n'
        ),
    ),
    "splitter": Scaffold(
        "Three windows of equal length after a share of the rows",
        '[split]\nuse = "${name}"\nparams = { fit = 0.7 }',
        '"split": {"use": "${name}"},',
        capabilities="random",
    ),
    "encoder": Scaffold(
        "What others took right after the items that a user took last",
        '[[encoders]]\nuse = "${name}"\nparams = { last = 3 }',
        '"encoders": [{"use": "popularity"}, {"use": "${name}"}],',
    ),
    "index": Scaffold(
        "A glance along a few directions first, then the best of these exactly",
        '[candidates]\nindex = { use = "${name}", params = { breadth = 20 } }',
        '"encoders": [{"use": "popularity"}, {"use": "attributes"}],\n        '
        '"candidates": {"size": 20, "index": {"use": "${name}"}},',
    ),
    "ranker": Scaffold(
        "Event rates by score, from histograms",
        '[ranker]\nuse = "${name}"\nparams = { bins = 20 }',
        '"ranker": {"use": "${name}"},',
    ),
    "evaluator": Scaffold(
        "Share of listed items outside the most popular ones",
        '[[objectives]]\nuse = "novelty"\nparams = { evaluator = { use = "${name}", params = { head = 0.2 } } }',
        '"objectives": [\n            {"use": "relevance"},\n'
        '            {"use": "novelty", "params": {"evaluator": {"use": "${name}"}}},\n        ],',
    ),
    "objective": Scaffold(
        "Lists with new items",
        '[[objectives]]\nuse = "${name}"\nparams = { days = 60 }',
        '"objectives": [{"use": "relevance"}, {"use": "${name}"}],',
        companions={"evaluator": ("share", "Share of listed items that are new")},
    ),
    "policy": Scaffold(
        "Weighted sum of powers of the signals",
        '[policy]\nuse = "${name}"\nparams = { exponent = 2.0 }',
        '"policy": {"use": "${name}"},',
    ),
    "rule": Scaffold(
        "Items are shown until they have been known for some days",
        '[[rules]]\nuse = "${name}"\nparams = { days = 365 }',
        '"rules": [{"use": "${name}"}],',
    ),
    "optimizer": Scaffold(
        "Evolution strategy: normal steps around policies that few others beat",
        '[optimizer]\nuse = "${name}"\nparams = { parents = 20 }',
        '"optimizer": {"use": "${name}"},',
        capabilities="random",
    ),
    "observer": Scaffold(
        "One line a run in a file that all runs share",
        '[[observers]]\nuse = "${name}"\nparams = { path = "runs.jsonl" }',
        '"observers": [{"use": "${name}", "params": {"path": str(tmp_path / "runs.jsonl")}}],',
    ),
}
