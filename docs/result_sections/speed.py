"""How fast the Transformer learns, and how fast it answers."""

from __future__ import annotations

from collections.abc import Iterable

from result_sections.cells import Figures, table


def transformer_speed(figures: Figures) -> Iterable[str]:
    """How fast the Transformer learns, its limit, and its memory."""
    settings, sizes, speeds = figures["settings"], figures["sizes"], figures["targets_per_second"]
    yield (
        f"MovieLens-1M without each user's last two items ({sizes['targets']:,} targets an epoch), full softmax over "
        f"{sizes['items']:,} items, width {settings['width']}, the newest {settings['length']} items, "
        f"{settings['blocks']} blocks, {figures['threads']} threads. Targets (no padding) learned from per second of "
        "whole training steps; everybody in turns, the fastest round of each."
    )
    names = {
        "ours_bf16": "`transformer`, products of the loss in bf16",
        "ours_fp32": "`transformer`, fp32",
        "plain": "plain PyTorch loop: batches by length, cross-entropy in chunks",
        "rectools": "RecTools' `SASRecModel`",
    }
    slowest = min(speeds.values())
    yield table(
        ["", "targets/s", "ratio", "of the limit"],
        [
            [
                what,
                f"{speeds[name]:,}",
                f"{speeds[name] / slowest:.1f}",
                f"{100 * figures['fraction_of_limit'][name]:.0f} %" if name in figures["fraction_of_limit"] else "",
            ]
            for name, what in names.items()
            if name in speeds
        ],
    )
    for name in ("rectools", "bf16"):
        if "skipped" in figures[name]:
            yield f"No {name}: {figures[name]['skipped']}."
    best = figures["best"]
    limit, shares = figures["limit"][best], figures["shares"][best]
    yield (
        f"The limit is what a target costs in bare products and exponentials of these shapes on this machine, here "
        f"{sum(limit.values()):.1f} of {figures['microseconds_a_target'][best]:.1f} microseconds ("
        + ", ".join(f"{part} {value:.1f}" for part, value in limit.items())
        + "). Where the time of a step goes: "
        + ", ".join(f"{part} {100 * share:.0f} %" for part, share in shares.items())
        + "."
    )
    yield (
        "Peak memory of training steps: "
        + "; ".join(
            f"{row['items']:,} items with the {row['loss']} softmax **{row['peak_gib']:.1f} GiB** (fewer than "
            f"{row['gate_gib']:.0f} asked for; {row['before_gib']:.1f} before the first step)"
            for row in figures["memory"]
        )
        + "."
    )


def topk(figures: Figures) -> Iterable[str]:
    """Exact search against implicit's, and what approximate search finds."""
    yield (
        f"The ten best of every user by inner product, vectors of length {figures['sizes']['width']}: "
        f"`paretorec.topk.top_k` against implicit's C++ search, the same vectors and threads, "
        + ("with equal lists." if figures["equal"] else "**with lists that differ**.")
    )
    yield table(
        ["users", "items", "left out a user", "threads", "ms", "implicit, ms", "ratio"],
        [
            [
                *(f"{row[key]:,}" for key in ("users", "items", "seen_left_out", "threads")),
                *(f"{row[key]:,.0f}" for key in ("ms", "ms_implicit")),
                f"**{row['ratio_implicit']:.1f}**",
            ]
            for row in figures["tasks"]
        ],
    )
    yield f"Indexes over the last task's {figures['tasks'][-1]['items']:,} items, 32 users at a time on one thread:"
    yield table(
        ["index", "of the exact ten", "time, exact = 1", "built in, s"],
        [
            [index_name(row), row["skipped"], "", ""]
            if "skipped" in row
            else [
                index_name(row),
                f"{100 * row['recall']:.1f} %",
                f"{1 / row['ratio_exact']:.2f}",
                f"{row['build_s']:.1f}",
            ]
            for row in figures["indexes"]
        ],
    )


def index_name(row: Figures) -> str:
    """``faiss``: kind hnsw."""
    params = ", ".join(f"{key} {value}" for key, value in row.get("params", {}).items())
    return f"`{row['use']}`" + (f": {params}" if params else "")


def latency(figures: Figures) -> Iterable[str]:
    """How long one user waits."""
    sizes, bits = figures["sizes"], figures["int8"]
    yield (
        f"One user, item ids in and the ids of the ten best out, in process, on one thread: {sizes['items']:,} items, "
        f"vectors of length {sizes['width']}, {sizes['blocks']} blocks; {figures['data']}. On all "
        "requests "
        + (
            "the graph's lists are the encoder's."
            if figures["equal"]
            else "**the graph's lists are not the encoder's**."
        )
    )
    names = {
        "encoder": "encoder and exact top ten",
        "onnxruntime": "exported graph, onnxruntime",
        "onnxruntime_int8": "the same in eight bits",
        "recommend": "`Recommender.recommend`: candidates, signals, policy, DataFrame",
    }
    yield table(
        ["", "items of history", "median, ms", "p99, ms", "on the processor, ms"],
        [
            [names[way], f"{sizes[length]}", *(f"{found[key]:.1f}" for key in ("p50_ms", "p99_ms", "cpu_ms"))]
            for length, part in (("length", figures["long"]), ("short", figures["short"]))
            for way, found in part.items()
        ],
    )
    low, high = bits["interval"]
    yield (
        f"Eight bits change NDCG@10 by {bits['change']:+.2f} % ({low:+.2f} to {high:+.2f}, 95 %, "
        f"{bits['users']:,} users, {bits['data']}, {bits['minutes']:g} minutes of training: "
        f"{bits['ndcg@10']['encoder']:.4f} by the encoder, "
        f"{bits['ndcg@10']['onnxruntime']:.4f} by the graph, {bits['ndcg@10']['int8']:.4f} in eight bits), in "
        f"{bits['mib_int8']:.1f} instead of {bits['mib']:.1f} MiB."
    )
