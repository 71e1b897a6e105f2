"""How well the next item is predicted, and what nobody took yet."""

from __future__ import annotations

from collections.abc import Iterable

from result_sections.cells import Figures, hits, optional, shown, table

NEXT_ITEM = {"ml-1m": ("MovieLens-1M", "ml-1m.toml"), "beauty": ("Amazon Beauty", "beauty.toml")}
"""Data set -> its name and the configuration of its runs."""


def transformer_quality(figures: Figures) -> Iterable[str]:
    """Next item: encoders alone and the policy over them."""
    if figures["set"]:
        yield f"With {', '.join(f'`{setting}`' for setting in figures['set'])}."
    if figures.get("remark"):
        yield figures["remark"]
    for name, data in figures["data"].items():
        title, config = NEXT_ITEM[name]
        if "skipped" in data:
            yield f"**{title}**: skipped: {data['skipped']}."
            continue
        sizes = data["sizes"]
        yield (
            f"**{title}** ([{config}](../examples/{config})), {figures['protocol']}: {sizes['interactions']:,} rows, "
            f"{sizes['users']:,} users, {sizes['items']:,} items; hash of the targets `{data['targets']}`."
        )
        rows = [
            ["popularity", "", alone(data["popularity"]), hits(data["popularity"]), ""],
            ["first-order Markov counts", "", alone(data["markov"]), hits(data["markov"]), ""],
        ]
        rows += [
            [f"`{encoder}`", "", alone(row), hits(row), f"{row['minutes']:.1f}"]
            for encoder, row in data["encoders"].items()
        ]
        for run in data["runs"]:
            for signal, row in run["signals"].items():
                minutes = run["fit_minutes"].get(signal.replace(".", "-"))
                fit = "" if minutes is None else f"{minutes:.1f}"
                rows.append([f"`{signal}`", str(run["seed"]), alone(row), hits(row), fit])
            row = run["policy"]
            low, high = row["interval"]
            change = f"; {row['change']:+.1f} % ({low:+.1f} to {high:+.1f}) of the transformer's"
            rows.append(["the policy", str(run["seed"]), alone(row) + change, hits(row), f"{run['minutes']:.1f}"])
        yield table(["", "seed", "NDCG@10", "hit rate@10", "minutes"], rows)
        if data["gates"]:
            yield table(
                ["aim", "mean of the seeds", "deviation", "aimed at", ""],
                (
                    [
                        what.replace("_", " "),
                        f"{gate['mean']:.4f}",
                        optional(gate["deviation"]),
                        f"{gate['gate']:.3f}",
                        "reached" if gate["passed"] else "missed",
                    ]
                    for what, gate in data["gates"].items()
                ),
            )
        for run in data["runs"]:
            weights = ", ".join(f"`{signal}` {value:.2f}" for signal, value in run["policy"]["weights"].items())
            yield f"Weights of seed {run['seed']}'s policy, of standardised signals: {weights}."


def transformer_ablation(figures: Figures) -> Iterable[str]:
    """What each option is worth."""
    title, config = NEXT_ITEM[figures["data"]]
    base = ", ".join(f"`{key} = {value}`" for key, value in figures["base"].items())
    yield (
        f"{title} ([{config}](../examples/{config})), the last item but one predicted; the last is not looked at. The "
        f"encoder's defaults at a screening budget ({base}), one change at a time; the difference in NDCG@10 is paired "
        "by user, with its 95 % interval, which knows nothing of seeds. What learns faster need not end higher."
    )
    rows = []
    for label, row in figures["rows"].items():
        low, high = row.get("interval", (0, 0))
        difference = f"{row['difference']:+.4f} ({low:+.4f} to {high:+.4f})" if "difference" in row else ""
        rows.append([label, f"{row['ndcg@10']:.4f}", difference])
    yield table(["change", "NDCG@10", "difference to the defaults"], rows)
    left = figures["changes"] - len(rows) + 1
    if left:
        yield f"Not measured yet: {left} more of the changes that the benchmark knows."


def preference(figures: Figures) -> Iterable[str]:
    """One network for every weighing of events, beside several."""
    network = ", ".join(f"`{key} = {value}`" for key, value in figures["network"].items())
    yield (
        f"Transformers ({network}) that serve weights from all on one event to all on another: `conditioned`, one "
        "network that is told the weights, asked with eleven; `fixed`, three networks of fixed weights, a third of the "
        "epochs each; `fused`, a network for each event, half of the epochs each, eleven sums of their scores. "
        "Hypervolume on requests that nothing has seen, in units of the box between the worst and the best value of "
        "any; the conditioned one's less the other's with a 95 % bootstrap interval over users."
    )
    for name, data in figures["data"].items():
        if "skipped" in data:
            yield f"**{name}**: skipped: {data['skipped']}."
            continue
        first, second = data["events"]
        yield (
            f"**{name}**: {first} against {second} in lists of {data['k']}, {data['epochs']} epochs in all, "
            f"{data['requests']:,} requests of {data['users']:,} users."
        )
        rows = []
        for run in data["runs"]:
            for way, row in run["ways"].items():
                low, high = row.get("interval", (0, 0))
                difference = f"{row['difference']:+.2f} ({low:+.2f} to {high:+.2f})" if "difference" in row else ""
                ends = [f"{min(values):.4f} to {max(values):.4f}" for values in zip(*row["points"], strict=True)]
                rows.append(
                    [str(run["seed"]), way, f"{row['hypervolume']:.2f}", difference, *ends, f"{row['minutes']:.1f}"]
                )
        yield table(["seed", "way", "hypervolume", "conditioned less this", first, second, "minutes"], rows)


def alone(quality: Figures) -> str:
    """NDCG, with its standard error where it is known."""
    return shown(quality) if "standard_error" in quality else f"{quality['ndcg@10']:.4f}"


def cold_items(figures: Figures) -> Iterable[str]:
    """Items that nobody ever took."""
    sizes = figures["sizes"]
    questions = ("cold among cold", "cold in the catalogue", "warm in the catalogue")
    yield (
        f"Amazon Games with titles: {sizes['interactions']:,} rows, {sizes['users']:,} users, {sizes['items']:,} "
        f"items, of which {sizes['cold_items']:,} were taken out of all histories. NDCG@10 of each user's last item "
        "(standard error), and the difference to `tf-idf` paired by user, with its 95 % interval: cold items ranked "
        "among cold ones, then in the whole catalogue; warm items in the whole catalogue."
    )
    rows = []
    for label, row in figures["encoders"].items():
        cells = []
        for question in questions:
            against = figures["against_tf_idf"].get(label, {}).get(question)
            low, high = (against or {}).get("interval", (0, 0))
            cells.append(shown(row[question]) + (f", {low:+.4f} to {high:+.4f}" if against else ""))
        rows.append([label, *cells, f"{row['minutes']:.1f}" if "minutes" in row else ""])
    yield table(["", *questions, "minutes to fit"], rows)
    speed = figures["embedding"]
    yield (
        f"{speed['titles']:,} titles through the packaged model take {speed['cold_seconds']:.1f} s, and from its cache "
        f"{speed['cached_seconds']:.3f} s: {speed['ratio']:.0f} times faster, hashes of model and texts included."
    )
    if figures["gates"]:
        reached = [f"{what} {'reached' if passed else 'missed'}" for what, passed in figures["gates"].items()]
        yield f"Aims, both intervals above zero: {'; '.join(reached)}."
