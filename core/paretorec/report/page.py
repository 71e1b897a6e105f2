"""The page: sections in order, style and script inlined, written at once or not at all."""

from __future__ import annotations

from dataclasses import replace
from importlib import resources
from pathlib import Path

from paretorec.artifact import write_atomic
from paretorec.errors import ArtifactError
from paretorec.report import numbers
from paretorec.report.live import live_promises
from paretorec.report.markup import Markup, tag
from paretorec.report.run_files import RunFiles, read_run
from paretorec.report.sections.data import data_section
from paretorec.report.sections.explain import explain_section
from paretorec.report.sections.front import front_section
from paretorec.report.sections.pick import pick_section
from paretorec.report.sections.policies import policies_section
from paretorec.report.sections.record import record_section
from paretorec.report.sections.search import search_section
from paretorec.report.sections.wish import wish_section
from paretorec.report.versus import beaten, other_marks, refuse_other_protocol
from paretorec.report.view import FrontView

NAVIGATION = (
    ("wish", "Your wish"),
    ("front", "Front"),
    ("policies", "Policies"),
    ("explain", "What changes"),
    ("search", "Search"),
    ("data", "Data"),
    ("record", "Record"),
)


def write_report(run: Path, versus: Path | None = None) -> Path:
    """Write `report.html` into the run folder from its JSON files alone, and return its path.

    versus: another run whose front is drawn over this one. Raises `ArtifactError` for a missing or damaged file and
    `FingerprintMismatch` where the two were not judged by the same protocol; then nothing is written.
    """
    files = read_run(run)
    other = read_run(versus) if versus else None
    if other:
        refuse_other_protocol(files, other)
    target, text = run / "report.html", render(files, other)
    try:
        write_atomic(target, lambda temporary: temporary.write_text(text, encoding="utf-8"))
    except OSError as error:
        raise ArtifactError(f"{target} cannot be written ({error.strerror}); make its folder writable") from None
    return target


def render(files: RunFiles, other: RunFiles | None = None) -> str:
    """The whole page as text."""
    view = FrontView.parse(files.front, files.pick.get("point"))
    theirs = FrontView.parse(other.front) if other else None
    if other and theirs:
        view = replace(view, marks=(*view.marks, *other_marks(view, theirs, other.name)))
    sections = [
        pick_section(view, files),
        wish_section(view, files, live_promises(view, files)),
        _compared(view, theirs, other.name) if theirs and other else Markup(""),
        front_section(view, files.wish.get("maximize") or ""),
        policies_section(view),
        explain_section(view, files.explain),
        search_section(files.search),
        data_section(files.data),
        record_section(files),
    ]
    style = Markup(asset("chart.css") + asset("page.css"))
    body = Markup("".join(sections))
    document = tag(
        "html",
        tag(
            "head",
            tag("meta", charset="utf-8"),
            tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
            tag("meta", name="color-scheme", content="light dark"),
            tag("title", f"{files.name}: the front and the pick"),
            tag("style", style),
        ),
        tag("body", _top(files, body), tag("main", body), _foot(files), tag("script", _script())),
        lang="en",
    )
    return f"<!doctype html>\n{document}\n"


def _script() -> Markup:
    return Markup("\n".join(asset(name) for name in ("page.js", "pick.js", "wish.js")))


def asset(name: str) -> str:
    """A file that lies beside this module and is inlined into the page."""
    return resources.files("paretorec.report").joinpath(name).read_text(encoding="utf-8")


def _top(files: RunFiles, body: str) -> Markup:
    present = [(anchor, title) for anchor, title in NAVIGATION if f'id="{anchor}"' in body]
    created = files.manifest.get("created")
    return tag(
        "div",
        tag("p", tag("b", files.name), tag("span", str(created)[:10]) if created else None, class_="run"),
        tag("nav", [tag("a", title, href=f"#{anchor}") for anchor, title in present], aria_label="Sections"),
        class_="top",
    )


def _foot(files: RunFiles) -> Markup:
    version = (files.manifest.get("versions") or {}).get("paretorec")
    claim = "A certificate speaks of this bundle, this population and these days."
    return tag("footer", f"ParetoRec {version}. {claim}" if version else claim)


def _compared(view: FrontView, theirs: FrontView, name: str) -> Markup:
    lost, won = beaten(view, theirs)
    return tag(
        "section",
        tag("p", "Beside ", tag("b", name), f" ({numbers.counted(len(theirs.points), 'policy', 'policies')}): "
            f"for {lost} of its policies there is one here that is at least as good in every objective; "
            f"for {won} of these there is one there. Its changes are taken against {view.baseline}, without bounds."),
        id="versus",
        class_="versus",
    )  # fmt: skip
