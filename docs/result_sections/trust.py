"""Whether what is promised holds."""

from __future__ import annotations

from collections.abc import Iterable

from result_sections.cells import Figures, number, optional, table


def certificates(figures: Figures) -> Iterable[str]:
    """How often promises hold, and what they are worth."""
    sizes, covered = figures["sizes"], figures["coverages"]
    yield (
        f"{figures['logs']:,} independent logs of the simulated store, each of its own {sizes['users']:,} customers: "
        f"{sizes['evaluations']} policies searched on {sizes['select_requests']:,} select requests, a front of "
        f"{covered['policies_a_log']} on average certified on {sizes['certify_requests']:,} others, judged by "
        f"{sizes['fresh']:,} fresh customers. All lower bounds of a log hold in {percent(covered['low'])} of the logs, "
        f"all upper ones in {percent(covered['high'])} (nominal {covered['nominal']:.0%})."
    )
    if figures["quick"]:
        yield "**A quick run: few logs. Not the result.**"
    rows = []
    for wish in figures["wishes"].values():
        kept = ", ".join(f"{name} {least}" for name, least in wish["keep"].items())
        for way, one in wish["ways"].items():
            rows.append(
                [
                    f"most {wish['maximize']}, keep {kept}",
                    way,
                    percent(one["issue_rate"]),
                    percent(one["false_of_logs"]),
                    percent(one["broken_of_logs"]),
                    "" if one["share_of_oracle_gain"] is None else f"{one['share_of_oracle_gain']:.0%}",
                ]
            )
    yield table(["wish", "pick by", "issued", "issued and false", "issued, wish broken", "of the oracle's gain"], rows)
    yield (
        "*certified*: bounds for all policies and objectives at once; *pointwise*: each bound by itself; *naive*: the "
        "values on the select requests. *False*: something stated of the pick is not so. *Of the oracle's gain*: the "
        "pick's true gain, 0 where none is issued, by that of the best policy that keeps what is asked."
    )
    yield "**How much the front flatters itself** (hypervolume of the shown front, errors in percent of the true one)"
    yield table(
        ["select requests", "logs", "", "bias", "root mean squared error"],
        [
            [f"{one['requests']:,}", str(one["logs"]), name, bias(one[key]), f"{one[key]['rmse_percent']:.2f} %"]
            for one in figures["optimism"]
            for name, key in (("as it looks", "raw"), ("as expected", "expected"))
        ],
    )
    journey = figures["complete_journey"]
    if "skipped" not in journey:
        ways = "; ".join(
            f"{way} picks issued {one['issued']}, wish contradicted {one['wish_contradicted']}"
            for way, one in journey["ways"].items()
        )
        yield (
            f"Complete Journey, {journey['halves']} random halves of {journey['households']:,} households: {ways}. "
            f"This is {journey['note']}."
        )


def off_policy(figures: Figures) -> Iterable[str]:
    """How often off-policy intervals hold, and what is refused."""
    sizes = figures["sizes"]
    yield (
        f"{sizes['logs']} simulated logs of {sizes['requests']:,} requests, lists of {sizes['positions']} out of "
        f"{sizes['items']} items by a Plackett-Luce policy, judged by {sizes['fresh']:,} fresh customers. Of the 95 % "
        f"intervals that are given, {figures['accepted_coverage']:.1%} hold the truth; "
        f"{figures['violations_refused']:.1%} of the logs with something wrong in them are refused, and "
        f"{figures['false_refusals']:.1%} of the good ones."
    )
    yield table(
        ["logs", "answered", "estimator", "coverage", "bias", "root mean squared error", "mean width"],
        [
            [name, f"{one['accepted']} of {one['logs']}", f"`{estimator}`", *(optional(row[key]) for key in MEASURED)]
            for name, one in (
                ("clicks", figures["good"]["click"]),
                ("sales", figures["good"]["sales"]),
                ("clicks, with a table of actions", figures["with_actions"]),
                ("clicks, target policy far away", figures["weak_overlap"]),
                ("clicks, as a cascade", figures["cascade"]),
            )
            for estimator, row in one["estimators"].items()
        ],
    )
    yield table(
        ["something wrong", "refused", "by"],
        [
            [
                name.replace("_", " "),
                f"{one['refused']} of {one['logs']}",
                ", ".join(f"{gate} ({count})" for gate, count in one["refused_by"].items()),
            ]
            for name, one in figures["violations"].items()
        ],
    )
    bandit = figures["open_bandit"]
    if "skipped" in bandit:
        yield f"Open Bandit: skipped, {bandit['skipped']}."
    else:
        yield "**Open Bandit, small sample** (Thompson sampling from the log of the random policy)"
        yield table(
            ["campaign", "rows", "clicks", "answer", "measured: random", "measured: Thompson sampling"],
            [
                [
                    name,
                    f"{one['rows']:,}",
                    str(one["clicks"]),
                    one["why"],
                    number(one["measured"]["random"]),
                    number(one["measured"]["bts"]),
                ]
                for name, one in bandit.items()
            ],
        )


MEASURED = ("coverage", "bias", "rmse", "mean_width")


def percent(rate: Figures) -> str:
    """``4.1 % ± 0.6``."""
    return f"{100 * rate['share']:.1f} % ± {100 * rate['error']:.1f}"


def bias(error: Figures) -> str:
    """``+0.2 % ± 0.1``."""
    return f"{error['bias_percent']:+.2f} % ± {error['bias_error']:.2f}"
