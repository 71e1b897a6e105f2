"""Code for sixteen candidates at a time: what the functions of `paretorec.judge.kernel.lanes` are made of.

Written in LLVM's portable vector form, so that they become AVX-512, AVX2, NEON or plain instructions as the machine
has them. Products and sums are rounded one by one (no flags that would allow fusing), in the order of the signals: the
scores are numpy's to the bit.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import config
from numba.core import cgutils as _cgutils
from numba.core import codegen
from numba.np import arrayobj

cgutils: Any = _cgutils
make_array: Any = arrayobj.make_array

LANES = 16

UNROLLED = 12
"""Signals up to which there is code without a loop over them."""

# numba's and llvmlite's values have no types of their own: `Any`.
LONG = ir.IntType(64)
WORD = ir.IntType(32)
FLOATS = ir.VectorType(ir.FloatType(), LANES)
WORDS = ir.VectorType(WORD, LANES)
BITS = ir.VectorType(ir.IntType(1), LANES)
ZEROS = ir.Constant(WORDS, [0] * LANES)
COUNT_UP = ir.Constant(WORDS, list(range(LANES)))

_features: Any = codegen.get_host_cpu_features
_asked = getattr(config, "CPU_FEATURES", None)
_COMPRESSES = "+avx512f" in (_features() if _asked is None else _asked).split(",")
"""The machine moves chosen lanes to the front in one instruction. Compiled code is kept by processor and features."""


def address(context: Any, builder: Any, kind: Any, array: Any, at: Any) -> Any:
    """Of the entry `at` of a contiguous array."""
    return builder.gep(make_array(kind)(context, builder, array).data, [at])


def load(builder: Any, place: Any, kind: Any) -> Any:
    """A vector from anywhere."""
    loaded = builder.load(builder.bitcast(place, kind.as_pointer()))
    loaded.align = 4
    return loaded


def store(builder: Any, value: Any, place: Any) -> None:
    """A vector to anywhere."""
    builder.store(value, builder.bitcast(place, value.type.as_pointer())).align = 4


def spread(builder: Any, scalar: Any, kind: Any) -> Any:
    """A vector with `scalar` in every lane."""
    nothing = ir.Constant(kind, ir.Undefined)
    return builder.shuffle_vector(builder.insert_element(nothing, scalar, ir.Constant(WORD, 0)), nothing, ZEROS)


def mask(builder: Any, bits: Any) -> Any:
    """int64 whose lowest 16 bits are `bits`."""
    return builder.zext(builder.bitcast(bits, ir.IntType(LANES)), LONG)


def by_dims(builder: Any, dims: Any, emit: Any) -> None:
    """emit(number of signals): code for few signals without a loop over them, and code for any number."""
    after = builder.append_basic_block("after_dims")
    other = builder.append_basic_block("dims_any")
    switch = builder.switch(dims, other)
    for known in range(1, UNROLLED + 1):
        case = builder.append_basic_block(f"dims_{known}")
        switch.add_case(ir.Constant(LONG, known), case)
        builder.position_at_end(case)
        emit(known)
        builder.branch(after)
    builder.position_at_end(other)
    emit(dims)
    builder.branch(after)
    builder.position_at_end(after)


class Scorer:
    """float32 sums of weight(d) x term(d) of 16 lanes, `dims` a number or one that is known only when it runs."""

    def __init__(self, context: Any, builder: Any, sig: Any, args: Any, dims: Any) -> None:
        terms, self._stride, weights, self._first = args[:4]
        self._builder, self._dims = builder, dims
        self._terms = make_array(sig.args[0])(context, builder, terms).data
        self._weights = make_array(sig.args[2])(context, builder, weights).data
        self._spread = [self._weight(ir.Constant(LONG, d)) for d in range(dims)] if isinstance(dims, int) else []

    def _weight(self, d: Any) -> Any:
        builder = self._builder
        return spread(builder, builder.load(builder.gep(self._weights, [builder.add(self._first, d)])), FLOATS)

    def _product(self, at: Any, d: Any, weight: Any) -> Any:
        builder = self._builder
        where = builder.gep(self._terms, [builder.add(at, builder.mul(d, self._stride))])
        return builder.fmul(weight, load(builder, where, FLOATS))

    def scores(self, at: Any) -> Any:
        """Of lanes whose first terms are at `at`. (What numpy adds up begins with 0 +, which changes no value.)"""
        builder, zero = self._builder, ir.Constant(LONG, 0)
        if self._spread:
            total = self._product(at, zero, self._spread[0])
            for d, weight in enumerate(self._spread[1:], 1):
                total = builder.fadd(total, self._product(at, ir.Constant(LONG, d), weight))
            return total
        total = self._product(at, zero, self._weight(zero))
        so_far = cgutils.alloca_once(builder, FLOATS)
        builder.store(total, so_far)
        with cgutils.for_range(builder, self._dims, start=ir.Constant(LONG, 1)) as loop:
            product = self._product(at, loop.index, self._weight(loop.index))
            builder.store(builder.fadd(builder.load(so_far), product), so_far)
        return builder.load(so_far)


def compressed(context: Any, builder: Any, chosen: Any, outs: Any, number: Any) -> Any:
    """Each vector's chosen lanes to its array from `number` on; returns the new number. outs: (vector, kind, array)."""
    if _COMPRESSES:
        for vector, kind, array in outs:
            name = f"llvm.x86.avx512.mask.compress.v16{'f32' if vector.type == FLOATS else 'i32'}"
            form = ir.FunctionType(vector.type, [vector.type, vector.type, BITS])
            compress = cgutils.get_or_insert_function(builder.module, form, name)
            packed = builder.call(compress, [vector, vector, chosen])
            store(builder, packed, address(context, builder, kind, array, number))
        return builder.add(number, builder.ctpop(mask(builder, chosen)))
    for lane in range(LANES):  # without a branch: what is not chosen is written over by the next
        at_lane = ir.Constant(WORD, lane)
        for vector, kind, array in outs:
            builder.store(builder.extract_element(vector, at_lane), address(context, builder, kind, array, number))
        number = builder.add(number, builder.zext(builder.extract_element(chosen, at_lane), LONG))
    return number
