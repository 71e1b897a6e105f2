"""How well and how fast policies are searched."""

from __future__ import annotations

from collections.abc import Iterable

from result_sections.cells import Figures, table


def optimizers(figures: Figures) -> Iterable[str]:
    """Hypervolume against gates."""
    yield (
        f"{figures['gates_passed']} of {figures['gates']} gates passed. Hypervolume, median of "
        f"{len(figures['seeds'])} seed(s); gates lie a little below what published implementations reach."
    )
    yield table(
        ["optimizer", "problem", "evaluations", "hypervolume", "gate", "seconds"],
        [
            [
                f"`{row['optimizer']}`",
                row["problem"],
                f"{row['evaluations']:,}",
                f"{row['hypervolume']:.4f}",
                f"{row['gate']:.3f}",
                f"{row['seconds']:.2f}",
            ]
            for row in figures["results"]
        ],
    )
    yield "\n".join(
        f"- `{name}` is {row['ratio_peer']} times as fast as {row['peer']} on {row['problem']} "
        f"({row['evaluations']:,} evaluations), at hypervolume {row['hypervolume']} against {row['hypervolume_peer']}."
        for name, row in figures["speed"].items()
    )
    if "cost" in figures:
        cost = figures["cost"]
        yield (
            f"`smpso` itself takes {cost['ms_per_100']['smpso']:.2f} ms of CPU time for 100 evaluations; wanted are at "
            f"most {cost['limit']} ms."
        )
    if "beside" in figures:
        problems = list(next(iter(figures["beside"].values())))
        yield f"Others, after {figures['sizes']['beside']:,} evaluations:"
        yield table(
            ["optimizer", *problems],
            [
                [f"`{name}`", *(f"{row[problem]:.4f}" for problem in problems)]
                for name, row in figures["beside"].items()
            ],
        )
    yield from worlds(figures.get("worlds", {}))


def worlds(figures: Figures) -> Iterable[str]:
    """Optimizers against random search, on users that neither searched on."""
    measured = {name: row for name, row in figures.items() if "skipped" not in row}
    yield from (f"{name}: skipped, {row['skipped']}." for name, row in figures.items() if "skipped" in row)
    if not measured:
        return
    row = next(iter(measured.values()))
    yield (
        f"**On real ranking policies.** Half of the select part's users were searched on, the others not. The default "
        f"optimizer judged {row['evaluations']:,} policies, random search {row['random_evaluations']:,}; by how much "
        "the whole front of the former has more hypervolume on the untouched users (p: Wilcoxon's signed-rank test):"
    )
    yield table(
        ["data", "objectives", "signals", "requests (searched, untouched)", "default", "gain", "better in", "p"],
        [
            [
                name,
                ", ".join(row["objectives"]),
                str(len(row["signals"])),
                f"{row['requests']['searched']:,}, {row['requests']['untouched']:,}",
                f"`{row['optimizer']}`",
                f"{row['gain_percent']:+.2f} %",
                f"{row['wins']} of {row['seeds']}",
                f"{row['p']:.2g}",
            ]
            for name, row in measured.items()
        ],
    )
    yield "Others with the default's budget, against the same random search:"
    names = list(dict.fromkeys(use for row in measured.values() for use in row["others"]))
    yield table(
        ["optimizer", *measured],
        [[f"`{use}`", *(other(row["others"].get(use)) for row in measured.values())] for use in names],
    )


def other(figures: Figures | None) -> str:
    """``-0.35 % (better in 1 of 6)``."""
    if figures is None:
        return ""
    return f"{figures['gain_percent']:+.2f} % (better in {figures['wins']} of {figures['seeds']})"


def kernel(figures: Figures) -> Iterable[str]:
    """How fast policies are judged."""
    sizes, limits = figures["sizes"], figures["limits"]
    tasks = {
        f"{len(figures['signals'])} signals, whole catalogue": figures,
        "12 signals, whole catalogue": figures["twelve_signals"],
        f"{len(figures['candidates_200']['signals'])} signals, 200 candidates": figures["candidates_200"],
    }
    wrong = [name for name, row in tasks.items() if not row["equal_to_oracle"]]
    yield (
        f"{figures['data']}: {sizes['requests']:,} requests, {sizes['items']:,} items, seven metrics "
        f"({', '.join(sizes['metrics'])}) of lists of {sizes['k']}. A search of {sizes['evaluations']:,} evaluations "
        f"over four signals takes {figures['front_s']} s, optimizer and pruning included. Every list and value of a "
        + (f"population is NOT the oracle's: {', '.join(wrong)}." if wrong else "population equals the oracle's.")
    )
    yield (
        "Milliseconds a policy, the making ready of the judge shared out over the search. numpy: matmul and "
        "argpartition policy by policy. torch: matmul and topk, a population at a time, "
        f"{figures['machine']['cores']} threads. Both with the same metrics."
    )
    yield table(
        ["task", "candidates", "left by pruning", "ms", "of which ready", "numpy", "torch", "x numpy", "x torch"],
        [
            [
                name,
                f"{row['candidates']:,}",
                left_by_pruning(row),
                f"{row['ms_per_policy']:.2f}",
                f"{row['ms_per_policy'] - row['ms_per_policy_judging']:.2f}",
                f"{row['peers']['ms_per_policy_numpy']:.1f}",
                f"{row['peers']['ms_per_policy_torch']:.1f}",
                f"{row['ratio_numpy']:.0f}",
                f"{row['ratio_torch']:.0f}",
            ]
            for name, row in tasks.items()
        ],
    )
    yield (
        "What the machine needs for a policy of the first task: the bare scoring product "
        f"{limits['product_ms']:.2f} ms (pruning spares most of it), reading all signals once a population "
        f"{limits['read_s_ms']:.2f} ms, adding up the exposures {limits['exposures_ms']:.2f} ms."
    )
    yield "Signals: " + "; ".join(f"`{name}`, {what}" for name, what in figures["signals"].items()) + "."


def left_by_pruning(row: Figures) -> str:
    """How many candidates of a request are judged, on average."""
    left = row["candidates_after_pruning"]
    return "made ready anew in every call" if left is None else f"{left:,.0f}"


def scaling(figures: Figures) -> Iterable[str]:
    """What judging costs as things grow."""
    whole, sizes = figures["million"], figures["sizes"]
    yield (
        f"**{whole['requests']:,} simulated users** with {sizes['candidates']} candidates and {sizes['signals']} "
        f"signals ({whole['signals_gib']} GiB, {'in temporary files' if whole['in_files'] else 'in memory'}): "
        f"the process took {whole['peak_gib']} GiB at most. The search looked at {whole['search_requests']:,} requests "
        f"({whole['search_why']}): 1,000 policies in {whole['search_1000_policies_s']} s. 31 policies were then judged "
        f"on everybody in {whole['certify_31_policies_s']} s. Making up the signals took {whole['signals_s']} s."
    )
    yield "One size at a time (fewer requests where candidates are many); microseconds a policy and thousand requests:"
    for name in ("requests", "candidates", "policies", "signals"):
        yield table(
            [name, "left by pruning", "ready, s", "microseconds"],
            [
                [
                    f"{row[name]:,}",
                    left_by_pruning(row),
                    f"{row['ready_s']:.2f}",
                    f"{row['us_per_policy_and_thousand_requests']:.0f}",
                ]
                for row in figures[name]
            ],
        )
