"""The whole job on purchases."""

from __future__ import annotations

from collections.abc import Iterable

from result_sections.cells import Figures, interval, number, promise, table


def complete_journey(figures: Figures) -> Iterable[str]:
    """Promises over the baseline, seed by seed."""
    runs = figures["runs"]
    first = runs[0]
    yield (
        f"dunnhumby Complete Journey, {first['interactions']:,} purchase rows of {first['users']:,} households and "
        f"{first['items']:,} items; weekly requests with a horizon of seven days. Searched on "
        f"{first['requests']['select']:,} requests of {first['requests']['users']['select']:,} households, certified "
        f"on {first['requests']['certify']:,} later requests of {first['requests']['users']['certify']:,} others. "
        f"Baseline: `{first['baseline']['point']}`. Configuration: "
        "[complete-journey.toml](../examples/complete-journey.toml)."
    )
    yield looks(figures["looks"], len(runs))
    if figures["quick"]:
        yield "**A quick run: fewer households and policies, one epoch. Not the result.**"
    yield "Changes in percent of the baseline; in brackets the least that is promised, for all policies at once."
    for title, key in (
        ("The policy that is best in relevance on the select requests", "best_relevance"),
        ("The policy with the highest certified sales", "best_certified_sales"),
    ):
        objectives = list(first[key]["certify"])
        yield f"**{title}**"
        yield table(
            ["seed", "policy", *objectives, "relevance alone, 95 %"],
            [
                [
                    str(run["seed"]),
                    run[key]["point"],
                    *(promise(run[key]["certify"][name]) for name in objectives),
                    interval(run[key]["certify"]["relevance"]),
                ]
                for run in runs
            ],
        )
    yield "**What the configuration's own wish picks**"
    yield "\n".join(f"- Seed {run['seed']}: {run['pick']['why']}." for run in runs)
    yield f"**Each signal alone** (seed {first['seed']}; values on the certify requests)"
    objectives = list(first["baseline"]["certify"])
    yield table(
        ["signal", *objectives],
        [
            [f"`{one['point']}`", *(number(one["certify"][name]["value"]) for name in objectives)]
            for one in first["signals"]
        ],
    )
    amounts = list(first["recall"]["certify"])
    yield f"**The run** ({first['candidates']} candidates a request)"
    yield table(
        ["seed", "policies", "minutes", "peak memory", *(f"targets among candidates, {how}" for how in amounts)],
        [
            [
                str(run["seed"]),
                str(run["points"]),
                f"{run['minutes']:.1f}",
                f"{run['peak_gib']:.2f} GiB",
                *(f"{100 * run['recall']['certify'][how]:.1f} %" for how in amounts),
            ]
            for run in runs
        ],
    )


def looks(count: int | None, seeds: int) -> str:
    """How untouched the certify requests were."""
    if count is None:
        return "How often the certify requests had been looked at before these runs was not recorded."
    times = {0: "not once", 1: "once", 2: "twice"}.get(count, f"{count} times")
    return (
        f"Before these {seeds} runs the certify requests had been looked at {times} while the configuration was still "
        "being changed; the bounds do not account for such looks. The seeds were fixed beforehand."
    )
