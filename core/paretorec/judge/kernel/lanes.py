"""Sixteen candidates at a time: the few vector instructions that the compiler does not find by itself.

Unused lanes of a last block hold NaN, which compares false with everything.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types

from paretorec.compiled import intrinsic
from paretorec.judge.kernel.vectors import (
    BITS,
    COUNT_UP,
    FLOATS,
    LANES,
    LONG,
    WORD,
    WORDS,
    ZEROS,
    Scorer,
    address,
    by_dims,
    cgutils,
    compressed,
    load,
    mask,
    spread,
    store,
)


@intrinsic
def bar(
    typing: Any,
    terms: Any,
    stride: Any,
    weights: Any,
    first: Any,
    dims: Any,
    start: Any,
    slots: Any,
    begin: Any,
    count: Any,
    n: Any,
    out: Any,
    to: Any,
) -> Any:
    """Writes the scores of whole blocks to ``out[to:]``, returns one that at least `n` <= 16 candidates reach.

    The blocks are those of the `count` slots ``slots[begin:]`` (twice the same does no harm), whose terms begin at
    ``terms[start * dims]``. What is returned is the n-th highest of the best of each lane; -inf where fewer than n
    lanes hold a candidate.
    """
    longs = types.int64
    signature = types.float32(terms, longs, weights, longs, longs, longs, slots, longs, longs, longs, out, longs)

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        dims, start, slots, begin, count, n, out, to = args[4:]
        listed = address(context, builder, sig.args[6], slots, begin)
        kept = address(context, builder, sig.args[10], out, to)
        best = cgutils.alloca_once(builder, FLOATS)
        builder.store(ir.Constant(FLOATS, [float("-inf")] * LANES), best)

        def emit(known: Any) -> None:
            scorer = Scorer(context, builder, sig, args, known)
            with cgutils.for_range(builder, count) as loop:
                slot = builder.and_(builder.load(builder.gep(listed, [loop.index])), ir.Constant(WORD, -LANES))
                scores = scorer.scores(builder.mul(builder.add(start, builder.zext(slot, LONG)), dims))
                so_far = builder.load(best)
                builder.store(builder.select(builder.fcmp_ordered(">", scores, so_far), scores, so_far), best)
                store(builder, scores, builder.gep(kept, [builder.mul(loop.index, ir.Constant(LONG, LANES))]))

        by_dims(builder, dims, emit)
        scores = builder.load(best)
        place = builder.bitcast(best, ir.FloatType().as_pointer())
        wanted = spread(builder, builder.trunc(n, WORD), WORDS)
        # Added where a lane is lower; the compiler must not know that it is 1, or it does so the long way round.
        one = builder.sub(wanted, spread(builder, builder.trunc(builder.sub(n, ir.Constant(LONG, 1)), WORD), WORDS))
        above = ZEROS
        for lane in range(LANES):
            other = spread(builder, builder.load(builder.gep(place, [ir.Constant(LONG, lane)])), FLOATS)
            above = builder.select(builder.fcmp_ordered(">", other, scores), builder.add(above, one), above)
        highest = ir.Constant(FLOATS, [float("inf")] * LANES)
        scores = builder.select(builder.icmp_signed("<", above, wanted), scores, highest)
        for step in (8, 4, 2, 1):
            turned = ir.Constant(WORDS, [(lane + step) % LANES for lane in range(LANES)])
            other = builder.shuffle_vector(scores, scores, turned)
            scores = builder.select(builder.fcmp_ordered("<", other, scores), other, scores)
        return builder.extract_element(scores, ir.Constant(WORD, 0))

    return signature, code


@intrinsic
def opened(
    typing: Any,
    peaks: Any,
    stride: Any,
    weights: Any,
    first: Any,
    dims: Any,
    at: Any,
    blocks: Any,
    bound: Any,
    out: Any,
    to: Any,
) -> Any:
    """Writes the first slots (int32) of the first `blocks` blocks whose peaks score >= bound to ``out[to:]``; how many.

    Peak d of block i is ``peaks[at + d * stride + i]``. `out` is written up to 16 entries further.
    """
    longs = types.int64
    signature = types.int64(peaks, longs, weights, longs, longs, longs, longs, types.float32, out, longs)

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        dims, start, blocks, bound, out, to = args[4:]
        number = cgutils.alloca_once(builder, LONG)
        builder.store(to, number)
        least = spread(builder, bound, FLOATS)
        groups = builder.sdiv(builder.add(blocks, ir.Constant(LONG, LANES - 1)), ir.Constant(LONG, LANES))
        total = spread(builder, builder.trunc(blocks, WORD), WORDS)

        def emit(known: Any) -> None:
            scorer = Scorer(context, builder, sig, args, known)
            with cgutils.for_range(builder, groups) as loop:
                block = builder.mul(loop.index, ir.Constant(LONG, LANES))
                scores = scorer.scores(builder.add(start, block))
                who = builder.add(spread(builder, builder.trunc(block, WORD), WORDS), COUNT_UP)
                chosen = builder.and_(builder.fcmp_ordered(">=", scores, least), builder.icmp_signed("<", who, total))
                slots = builder.mul(who, ir.Constant(WORDS, [LANES] * LANES))
                builder.store(
                    compressed(context, builder, chosen, [(slots, sig.args[8], out)], builder.load(number)), number
                )

        by_dims(builder, dims, emit)
        return builder.sub(builder.load(number), to)

    return signature, code


@intrinsic
def sift(
    typing: Any, found: Any, blocks: Any, begin: Any, at: Any, count: Any, bound: Any, scores: Any, slots: Any, to: Any
) -> Any:
    """Writes the candidates that score >= bound, their scores and slots (int32), to both arrays from `to` on; how many.

    Of the `count` blocks whose first slots are ``blocks[begin:]`` and whose scores are in ``found[at:]``. Up to 16
    entries more are written.
    """
    longs = types.int64
    signature = types.int64(found, blocks, longs, longs, longs, types.float32, scores, slots, longs)

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        found, blocks, begin, at, count, bound, scores, slots, to = args
        own = address(context, builder, sig.args[0], found, at)
        listed = address(context, builder, sig.args[1], blocks, begin)
        number = cgutils.alloca_once(builder, LONG)
        builder.store(to, number)
        least = spread(builder, bound, FLOATS)
        with cgutils.for_range(builder, count) as loop:
            score = load(builder, builder.gep(own, [builder.mul(loop.index, ir.Constant(LONG, LANES))]), FLOATS)
            slot = builder.load(builder.gep(listed, [loop.index]))
            outs = [
                (score, sig.args[6], scores),
                (builder.add(spread(builder, slot, WORDS), COUNT_UP), sig.args[7], slots),
            ]
            chosen = builder.fcmp_ordered(">=", score, least)
            builder.store(compressed(context, builder, chosen, outs, builder.load(number)), number)
        return builder.sub(builder.load(number), to)

    return signature, code


@intrinsic
def settle(typing: Any, scores: Any, slots: Any, begin: Any, number: Any, full: Any, lists: Any, to: Any) -> Any:
    """Writes the slots of the `full` highest of `number` <= 16 scores to ``lists[to:]``, falling; whether all differ.

    Scores float32 and slots int32 are those from `begin` on, with 16 entries more. Each slot goes where as many are
    above it, without a branch: one that is mispredicted costs more.
    """
    longs = types.int64
    signature = types.boolean(scores, slots, longs, longs, longs, lists, longs)

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        scores, slots, begin, number, full, lists, to = args
        own = address(context, builder, sig.args[0], scores, begin)
        who = address(context, builder, sig.args[1], slots, begin)
        out = address(context, builder, sig.args[5], lists, to)
        store(builder, ir.Constant(FLOATS, [float("-inf")] * LANES), builder.gep(own, [number]))
        every = load(builder, own, FLOATS)
        total = ir.Constant(LONG, 0)
        behind = builder.gep(out, [full])
        after = builder.load(behind)
        for lane in range(LANES):
            at = ir.Constant(LONG, lane)
            higher = builder.fcmp_ordered(">", every, spread(builder, builder.load(builder.gep(own, [at])), FLOATS))
            above = builder.ctpop(mask(builder, higher))
            listed = builder.select(builder.icmp_signed("<", above, full), above, full)
            builder.store(builder.load(builder.gep(who, [at])), builder.gep(out, [listed]))
            total = builder.add(total, above)
        builder.store(after, behind)
        # Of lanes that hold none all are above; of others 0, 1, 2, ... where they differ, and fewer where not.
        none = builder.mul(number, builder.sub(ir.Constant(LONG, LANES), number))
        pairs = builder.mul(number, builder.sub(number, ir.Constant(LONG, 1)))
        twice = builder.shl(builder.sub(total, none), ir.Constant(LONG, 1))
        return builder.icmp_signed("==", twice, pairs)

    return signature, code


@intrinsic
def as_good(typing: Any, terms: Any, at: Any, stride: Any, other: Any, first: Any, dims: Any) -> Any:
    """In how many of 16 lanes term d, ``terms[at + d * stride + i]``, is >= ``other[first + d]`` for every d."""
    signature = types.int64(terms, types.int64, types.int64, other, types.int64, types.int64)

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        terms, at, stride, other, first, dims = args
        so_far = cgutils.alloca_once_value(builder, ir.Constant(BITS, [1] * LANES))
        with cgutils.for_range(builder, dims) as loop:
            where = builder.add(at, builder.mul(loop.index, stride))
            term = load(builder, address(context, builder, sig.args[0], terms, where), FLOATS)
            against = builder.load(address(context, builder, sig.args[3], other, builder.add(first, loop.index)))
            better = builder.fcmp_ordered(">=", term, spread(builder, against, FLOATS))
            builder.store(builder.and_(builder.load(so_far), better), so_far)
        return builder.ctpop(mask(builder, builder.load(so_far)))

    return signature, code


@intrinsic
def count_above(typing: Any, scores: Any, begin: Any, number: Any, above: Any) -> Any:
    """above[i] = how many of the first `number` scores are higher than scores[i].

    scores float32 and above int32 are read and written up to the next multiple of 16.
    """
    signature = types.void(scores, types.int64, types.int64, above)

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        scores, begin, number, above = args
        groups = builder.sdiv(builder.add(number, ir.Constant(LONG, LANES - 1)), ir.Constant(LONG, LANES))
        total = cgutils.alloca_once(builder, WORDS)
        with cgutils.for_range(builder, groups) as group:
            at = builder.mul(group.index, ir.Constant(LONG, LANES))
            score = load(builder, address(context, builder, sig.args[0], scores, builder.add(begin, at)), FLOATS)
            builder.store(ZEROS, total)
            with cgutils.for_range(builder, number) as loop:
                other = builder.load(address(context, builder, sig.args[0], scores, builder.add(begin, loop.index)))
                higher = builder.fcmp_ordered(">", spread(builder, other, FLOATS), score)
                builder.store(builder.add(builder.load(total), builder.zext(higher, WORDS)), total)
            store(builder, builder.load(total), address(context, builder, sig.args[3], above, at))
        return context.get_dummy_value()

    return signature, code
