"""What is needed to repeat the run: configuration, components, versions, machine, fingerprints."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from paretorec.report import numbers
from paretorec.report.layout import facts, folded, section, table, tree
from paretorec.report.markup import Child, Markup, tag
from paretorec.report.run_files import RunFiles


def record_section(files: RunFiles) -> Markup:
    """Always present: at the least it names the protocol's fingerprint."""
    manifest = files.manifest
    prints: Mapping[str, Any] = manifest.get("fingerprints") or {}
    protocol = prints.get("protocol") or files.front.get("protocol") or ""
    seed = manifest.get("seed", files.config.get("seed"))
    config = json.dumps(files.config, indent=2, ensure_ascii=False)
    return section(
        "record",
        "To repeat this",
        "Two runs may be compared where the protocol's fingerprint is the same, and resumed where the run's is.",
        facts([
            ("created", manifest.get("created")),
            ("seed", None if seed is None else str(seed)),
            ("protocol", tag("code", protocol) if protocol else None),
            ("run", tag("code", prints["run"]) if prints.get("run") else None),
        ]),
        _components(manifest.get("components") or ()),
        tag("div", _stages(manifest.get("seconds") or {}), _named("Versions", manifest.get("versions")),
            _named("Machine", manifest.get("machine")), class_="blocks"),
        folded("Resolved configuration", tag("pre", tag("code", config))) if files.config else None,
    )  # fmt: skip


def _components(components: Sequence[Mapping[str, Any]]) -> Markup:
    rows: list[Sequence[Child]] = [
        (
            c.get("instance") or c.get("name"),
            c.get("kind"),
            c.get("name"),
            f"{c.get('distribution') or ''} {c.get('version') or ''}".strip(),
            tag("code", c.get("module") or ""),
        )
        for c in components
    ]
    return table(("component", "kind", "name", "distribution", "module"), rows, caption="Components")


def _stages(seconds: Mapping[str, Any]) -> Markup:
    known = {stage: s for stage, s in seconds.items() if isinstance(s, int | float)}
    if not known:
        return Markup("")
    rows: list[Sequence[Child]] = [(stage, numbers.duration(s)) for stage, s in known.items()]
    if "total" not in known:
        rows.append(("all", numbers.duration(sum(known.values()))))
    return tag("div", table(("stage", "time"), rows, caption="Time", numeric=frozenset({1})))


def _named(title: str, found: Any) -> Markup:
    if not isinstance(found, Mapping) or not found:
        return Markup("")
    return tag("div", tag("h3", title), tree(found))
