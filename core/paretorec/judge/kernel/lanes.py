"""Sixteen candidates at a time: the few vector instructions that the compiler does not find by itself.

Written in LLVM's portable vector form, so that they become AVX-512, AVX2, NEON or plain instructions as the machine
has them. Products and sums are rounded one by one (no flags that would allow fusing), in the order of the signals: the
scores are numpy's to the bit.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import config, types
from numba.core import cgutils as _cgutils
from numba.core import codegen
from numba.np import arrayobj

from paretorec.judge.kernel.compiled import intrinsic

cgutils: Any = _cgutils
make_array: Any = arrayobj.make_array

LANES = 16

_LONG = ir.IntType(64)
_WORD = ir.IntType(32)
_FLOATS = ir.VectorType(ir.FloatType(), LANES)
_WORDS = ir.VectorType(_WORD, LANES)
_BITS = ir.VectorType(ir.IntType(1), LANES)
_ZEROS = ir.Constant(_WORDS, [0] * LANES)
_COUNT_UP = ir.Constant(_WORDS, list(range(LANES)))

_features: Any = codegen.get_host_cpu_features
_asked = getattr(config, "CPU_FEATURES", None)
_COMPRESSES = "+avx512f" in (_features() if _asked is None else _asked).split(",")
"""The machine moves chosen lanes to the front in one instruction. Compiled code is kept by processor and features."""


def _address(context: Any, builder: Any, kind: Any, array: Any, at: Any) -> Any:
    return builder.gep(make_array(kind)(context, builder, array).data, [at])


def _load(builder: Any, address: Any, kind: Any) -> Any:
    loaded = builder.load(builder.bitcast(address, kind.as_pointer()))
    loaded.align = 4
    return loaded


def _store(builder: Any, value: Any, address: Any) -> None:
    builder.store(value, builder.bitcast(address, value.type.as_pointer())).align = 4


def _spread(builder: Any, scalar: Any, kind: Any) -> Any:
    """A vector with `scalar` in every lane."""
    nothing = ir.Constant(kind, ir.Undefined)
    return builder.shuffle_vector(builder.insert_element(nothing, scalar, ir.Constant(_WORD, 0)), nothing, _ZEROS)


def _mask(builder: Any, bits: Any) -> Any:
    return builder.zext(builder.bitcast(bits, ir.IntType(LANES)), _LONG)


def _scores(builder: Any, term: Any, weight: Any, dims: Any) -> Any:
    """float32 sums of weight(d) x term(d), both given by functions of d."""
    total = cgutils.alloca_once_value(builder, ir.Constant(_FLOATS, [0.0] * LANES))
    with cgutils.for_range(builder, dims) as loop:
        product = builder.fmul(_spread(builder, weight(loop.index), _FLOATS), term(loop.index))
        builder.store(builder.fadd(builder.load(total), product), total)
    return builder.load(total)


def _scored(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    """Of the arguments (terms, at, stride, weights, first, dims, ...) that all scoring functions begin with."""
    terms, at, stride, weights, first, dims = args[:6]

    def term(d: Any) -> Any:
        where = builder.add(at, builder.mul(d, stride))
        return _load(builder, _address(context, builder, sig.args[0], terms, where), _FLOATS)

    def weight(d: Any) -> Any:
        return builder.load(_address(context, builder, sig.args[3], weights, builder.add(first, d)))

    return _scores(builder, term, weight, dims)


@intrinsic
def reaching(typing: Any, terms: Any, at: Any, stride: Any, weights: Any, first: Any, dims: Any, bound: Any) -> Any:
    """A mask of the 16 lanes whose score is >= bound.

    Term d of lane i is ``terms[at + d * stride + i]``, its weight ``weights[first + d]``.
    """
    signature = types.int64(terms, types.int64, types.int64, weights, types.int64, types.int64, types.float32)

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        scores = _scored(context, builder, sig, args)
        return _mask(builder, builder.fcmp_ordered(">=", scores, _spread(builder, args[6], _FLOATS)))

    return signature, code


@intrinsic
def score(typing: Any, terms: Any, at: Any, stride: Any, weights: Any, first: Any, dims: Any, out: Any, to: Any) -> Any:
    """out[to : to + 16] = the scores of 16 lanes, see `reaching`."""
    signature = types.void(terms, types.int64, types.int64, weights, types.int64, types.int64, out, types.int64)

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        scores = _scored(context, builder, sig, args)
        _store(builder, scores, _address(context, builder, sig.args[6], args[6], args[7]))
        return context.get_dummy_value()

    return signature, code


@intrinsic
def nth(typing: Any, terms: Any, at: Any, stride: Any, weights: Any, first: Any, dims: Any, real: Any, n: Any) -> Any:
    """The n-th highest score of the first `real` of 16 lanes, see `reaching`; n <= real."""
    signature = types.float32(
        terms, types.int64, types.int64, weights, types.int64, types.int64, types.int64, types.int64
    )

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        real, n = (_spread(builder, builder.trunc(x, _WORD), _WORDS) for x in args[6:])
        lowest = ir.Constant(_FLOATS, [float("-inf")] * LANES)
        highest = ir.Constant(_FLOATS, [float("inf")] * LANES)
        scores = builder.select(builder.icmp_signed("<", _COUNT_UP, real), _scored(context, builder, sig, args), lowest)
        above = _ZEROS
        for lane in range(LANES):
            other = builder.shuffle_vector(scores, scores, ir.Constant(_WORDS, [lane] * LANES))
            above = builder.add(above, builder.zext(builder.fcmp_ordered(">", other, scores), _WORDS))
        scores = builder.select(builder.icmp_signed("<", above, n), scores, highest)
        for step in (8, 4, 2, 1):
            turned = ir.Constant(_WORDS, [(lane + step) % LANES for lane in range(LANES)])
            other = builder.shuffle_vector(scores, scores, turned)
            scores = builder.select(builder.fcmp_ordered("<", other, scores), other, scores)
        return builder.extract_element(scores, ir.Constant(_WORD, 0))

    return signature, code


@intrinsic
def gather(
    typing: Any,
    terms: Any,
    at: Any,
    stride: Any,
    weights: Any,
    first: Any,
    dims: Any,
    bound: Any,
    real: Any,
    positions: Any,
    position: Any,
    slot: Any,
    scores: Any,
    places: Any,
    slots: Any,
    number: Any,
) -> Any:
    """Adds the lanes among the first `real` whose score is >= bound, see `reaching`; returns the new `number`.

    scores, places (int32, from ``positions[position:]``) and slots (int32, `slot` and up) get one entry each from
    `number` on, and are written up to 16 entries further.
    """
    signature = types.int64(
        *(terms, types.int64, types.int64, weights, types.int64, types.int64, types.float32, types.int64),
        *(positions, types.int64, types.int32, scores, places, slots, types.int64),
    )

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        found = _scored(context, builder, sig, args)
        bound, real, positions, position, slot, scores, places, slots, number = args[6:]
        lanes = _spread(builder, builder.trunc(real, _WORD), _WORDS)
        chosen = builder.and_(
            builder.fcmp_ordered(">=", found, _spread(builder, bound, _FLOATS)),
            builder.icmp_signed("<", _COUNT_UP, lanes),
        )
        where = _load(builder, _address(context, builder, sig.args[8], positions, position), _WORDS)
        who = builder.add(_spread(builder, slot, _WORDS), _COUNT_UP)
        outs = [
            (vector, sig.args[place], array)
            for place, vector, array in ((11, found, scores), (12, where, places), (13, who, slots))
        ]
        if _COMPRESSES:
            for vector, kind, array in outs:
                name = f"llvm.x86.avx512.mask.compress.v16{'f32' if vector is found else 'i32'}"
                form = ir.FunctionType(vector.type, [vector.type, vector.type, _BITS])
                compress = cgutils.get_or_insert_function(builder.module, form, name)
                packed = builder.call(compress, [vector, vector, chosen])
                _store(builder, packed, _address(context, builder, kind, array, number))
            return builder.add(number, builder.ctpop(_mask(builder, chosen)))
        for lane in range(LANES):  # without a branch: what is not chosen is written over by the next
            at_lane = ir.Constant(_WORD, lane)
            for vector, kind, array in outs:
                builder.store(builder.extract_element(vector, at_lane), _address(context, builder, kind, array, number))
            number = builder.add(number, builder.zext(builder.extract_element(chosen, at_lane), _LONG))
        return number

    return signature, code


@intrinsic
def as_good(typing: Any, terms: Any, at: Any, stride: Any, other: Any, first: Any, dims: Any) -> Any:
    """In how many of 16 lanes term d, ``terms[at + d * stride + i]``, is >= ``other[first + d]`` for every d."""
    signature = types.int64(terms, types.int64, types.int64, other, types.int64, types.int64)

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        terms, at, stride, other, first, dims = args
        so_far = cgutils.alloca_once_value(builder, ir.Constant(_BITS, [1] * LANES))
        with cgutils.for_range(builder, dims) as loop:
            where = builder.add(at, builder.mul(loop.index, stride))
            term = _load(builder, _address(context, builder, sig.args[0], terms, where), _FLOATS)
            against = builder.load(_address(context, builder, sig.args[3], other, builder.add(first, loop.index)))
            better = builder.fcmp_ordered(">=", term, _spread(builder, against, _FLOATS))
            builder.store(builder.and_(builder.load(so_far), better), so_far)
        return builder.ctpop(_mask(builder, builder.load(so_far)))

    return signature, code


@intrinsic
def count_above(typing: Any, scores: Any, number: Any, above: Any) -> Any:
    """above[i] = how many of the first `number` scores are higher than scores[i].

    scores float32 and above int32 are read and written up to the next multiple of 16.
    """
    signature = types.void(scores, types.int64, above)

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        scores, number, above = args
        groups = builder.sdiv(builder.add(number, ir.Constant(_LONG, LANES - 1)), ir.Constant(_LONG, LANES))
        total = cgutils.alloca_once(builder, _WORDS)
        with cgutils.for_range(builder, groups) as group:
            at = builder.mul(group.index, ir.Constant(_LONG, LANES))
            score = _load(builder, _address(context, builder, sig.args[0], scores, at), _FLOATS)
            builder.store(_ZEROS, total)
            with cgutils.for_range(builder, number) as loop:
                other = builder.load(_address(context, builder, sig.args[0], scores, loop.index))
                higher = builder.fcmp_ordered(">", _spread(builder, other, _FLOATS), score)
                builder.store(builder.add(builder.load(total), builder.zext(higher, _WORDS)), total)
            _store(builder, builder.load(total), _address(context, builder, sig.args[2], above, at))
        return context.get_dummy_value()

    return signature, code


@intrinsic
def lowest(typing: Any, mask: Any) -> Any:
    """The place of the lowest bit that is set, of a mask that is not 0."""

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.cttz(args[0], ir.Constant(ir.IntType(1), 1))

    return types.int64(types.int64), code
