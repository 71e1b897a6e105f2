"""What runs and installations stand."""

from __future__ import annotations

from collections.abc import Iterable

from result_sections.cells import Figures, table


def resume(figures: Figures) -> Iterable[str]:
    """Runs that were killed."""
    yield (
        f"{figures['equal']} of {figures['runs']} runs that SIGKILL ended at random moments came, resumed, to the same "
        f"end as the unbroken run, to the bit: {figures['sizes']['compared']} files and arrays compared. The unbroken "
        f"run took {figures['sizes']['seconds']:.0f} seconds."
    )
    yield table(
        ["killed after (seconds)", "had come to", "same end"],
        [
            [
                ", ".join(f"{moment:.1f}" for moment in row["killed_after"]),
                "; ".join(row["reached"]),
                "yes" if row["equal"] else f"no: {', '.join(row['differs'])}",
            ]
            for row in figures["results"]
        ],
    )


def listing(figures: Figures) -> Iterable[str]:
    """What installed plugins cost those who do not use them."""
    yield (
        f"With {figures['distributions']} more distributions installed ({figures['components']} components in all), "
        f"`paretorec plugins list` imports {figures['plugin_imports']} of their modules. The scan takes "
        f"{figures['scan_milliseconds']:.1f} ms, {figures['ratio_scan']:.2f} times one `entry_points()` call "
        f"({figures['entry_points_milliseconds']:.1f} ms); the whole command {figures['list_seconds']:.2f} s, where a "
        f"Python that imports `importlib.metadata` takes {figures['bare_seconds']:.2f} s. Selecting a component again "
        f"takes {figures['select_nanoseconds']:.0f} ns."
    )
