"""Forces of an embedding.

- ``attract_row``  the attraction of a point along its edges
- ``push_group``   a few points meet many: repulsion
- ``meet_group``   the same with attraction

The plain twins are in embedding/attraction.py, embedding/pairs.py and embedding/descent_dense.py.
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from xailab_kernels.intrinsics.building import (
    F32,
    I32,
    I64,
    constant,
    fold,
    fused,
    load,
    reciprocal,
    shuffle,
    splat,
    store,
)
from xailab_kernels.intrinsics.width import LANES

GROUP = 4
"""Points that meet all others together in ``push_group``."""


@intrinsic  # type: ignore[misc]  # numba has no types here
def attract_row(
    typing: Any, ends: Any, weights: Any, first: Any, last: Any, points: Any, i: Any, scale: Any, out: Any
) -> Any:
    """Write the attraction of point i along its edges from ``first`` to ``last``, a multiple of 8.

    ``ends``, ``weights``, ``points`` (x, y in turn) and ``out`` are addresses of int32 and float32; ``scale`` is a
    float32, 1 / dof. A point is read as one 64-bit number: faster than the processor's own way to gather.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        ends, weights, first, last, points, i, scale, out = arguments
        pair, pairs = ir.DoubleType(), ir.VectorType(ir.DoubleType(), LANES // 2)
        vector, empty = ir.VectorType(F32, LANES), ir.Constant(ir.VectorType(F32, LANES), ir.Undefined)
        ends, weights = builder.inttoptr(ends, I32.as_pointer()), builder.inttoptr(weights, F32.as_pointer())
        points, out = builder.inttoptr(points, pair.as_pointer()), builder.inttoptr(out, pair.as_pointer())
        here, none = builder.load(builder.gep(points, [i])), ir.Constant(pairs, ir.Undefined)
        here = builder.insert_element(none, here, I32(0))
        here = builder.bitcast(shuffle(builder, here, none, [0] * (LANES // 2)), vector)
        scales, before = splat(builder, scale), builder.block
        loop, after = builder.append_basic_block("edges"), builder.append_basic_block("sum")
        builder.cbranch(builder.icmp_signed("<", first, last), loop, after)
        builder.position_at_end(loop)
        t, total = builder.phi(I64), builder.phi(vector)
        there = none
        for k in range(LANES // 2):
            j = builder.zext(builder.load(builder.gep(ends, [builder.add(t, I64(k))])), I64)
            there = builder.insert_element(there, builder.load(builder.gep(points, [j])), I32(k))
        difference = builder.fsub(here, builder.bitcast(there, vector))
        square = builder.fmul(difference, difference)
        sqdist = builder.fadd(square, shuffle(builder, square, empty, [lane ^ 1 for lane in range(LANES)]))
        weight = builder.load(builder.bitcast(builder.gep(weights, [t]), ir.VectorType(F32, LANES // 2).as_pointer()))
        weight.align = 4
        weight = shuffle(builder, weight, weight, [lane // 2 for lane in range(LANES)])
        pull = builder.fmul(weight, reciprocal(builder, fused(builder, sqdist, scales, constant(1))))
        grown, following = fused(builder, pull, difference, total), builder.add(t, I64(LANES // 2))
        for phi, start, more in ((t, first, following), (total, constant(0), grown)):
            phi.add_incoming(start, before)
            phi.add_incoming(more, loop)
        builder.cbranch(builder.icmp_signed("<", following, last), loop, after)
        builder.position_at_end(after)
        result = builder.phi(vector)
        result.add_incoming(constant(0), before)
        result.add_incoming(grown, loop)
        both = builder.bitcast(fold(builder, result, 2), ir.VectorType(pair, 1))
        builder.store(builder.extract_element(both, I32(0)), builder.gep(out, [i]))
        return context.get_dummy_value()

    whole = types.int64
    return types.void(whole, whole, whole, whole, whole, whole, types.float32, whole), generate


def _row_sums(builder: Any, vectors: list[Any]) -> Any:
    """Return a register of the sums of 16 registers, in four rounds: each adds what two registers hold to one."""
    for span in (8, 4, 2, 1):
        lower = [lane if not lane & span else LANES + lane - span for lane in range(LANES)]
        upper = [lane + span if not lane & span else LANES + lane for lane in range(LANES)]
        vectors = [
            builder.fadd(shuffle(builder, a, b, lower), shuffle(builder, a, b, upper))
            for a, b in zip(vectors[:span], vectors[span:], strict=True)
        ]
    return vectors[0]


def _meet(builder: Any, own: Any, others: list[Any], weights: list[Any], totals: list[Any], later: Any) -> list[Any]:
    """Let a group meet the points of one register: return its new sums, write those of the others.

    ``own`` are the coordinates of the group, in whole registers; ``others`` pointers to coordinates and sums of the
    others; ``weights`` pointers to the p of the pairs, or none. ``later`` are masks of the pairs that count, or None.
    """
    x, y, *sums = (load(builder, pointer) for pointer in others)
    grown = list(totals)
    for r in range(GROUP):
        u, v = builder.fsub(own[0][r], x), builder.fsub(own[1][r], y)
        k = reciprocal(builder, fused(builder, v, v, fused(builder, u, u, constant(1))))
        k = builder.select(later[r], k, constant(0)) if later else k
        grown[-1] = builder.fadd(grown[-1], k)
        factors = [builder.fmul(k, k), *(builder.fmul(load(builder, row), k) for row in weights[r : r + 1])]
        for f, (factor, d) in enumerate((factor, d) for factor in factors for d in (u, v)):
            grown[f * GROUP + r] = fused(builder, factor, d, totals[f * GROUP + r])
            sums[f] = fused(builder, builder.fneg(factor), d, sums[f])
    for total, pointer in zip(sums, others[2:], strict=True):
        store(builder, total, pointer)
    return grown


def _meeting(builder: Any, arguments: list[Any], forces: int) -> Any:
    """Write the body of ``push_group`` and of ``meet_group``: the first register with masks, the others in a loop."""
    pointer, rows, kinds = F32.as_pointer(), range(GROUP), range(2 + forces)
    xy, sums, stride, i, first, count, *more = arguments
    xy, sums = builder.inttoptr(xy, pointer), builder.inttoptr(sums, pointer)
    lines = [
        builder.gep(b, [builder.mul(stride, I64(r))])
        for b, r in [(xy, 0), (xy, 1), *((sums, f) for f in range(forces))]
    ]
    weights = [
        builder.gep(builder.inttoptr(a, pointer), [builder.mul(w, I64(r))])
        for a, w in [more] * bool(more)
        for r in rows
    ]
    own = [
        [splat(builder, builder.load(builder.gep(lines[d], [builder.add(i, I64(r))]))) for r in rows] for d in (0, 1)
    ]

    def meet(t: Any, totals: list[Any], later: Any = None) -> list[Any]:
        others = [builder.gep(lines[k], [builder.add(first, t)]) for k in kinds]
        return _meet(builder, own, others, [builder.gep(w, [t]) for w in weights], totals, later)

    whole = ir.VectorType(I64, LANES)
    distance = builder.insert_element(ir.Constant(whole, ir.Undefined), builder.sub(first, i), I32(0))
    distance = builder.add(shuffle(builder, distance, distance, [0] * LANES), ir.Constant(whole, list(range(LANES))))
    later = [builder.icmp_signed(">", distance, ir.Constant(whole, [r] * LANES)) for r in rows]
    begun = meet(I64(0), [constant(0)] * (forces * GROUP + 1), later)
    before, loop, after = builder.block, builder.append_basic_block("others"), builder.append_basic_block("sum")
    builder.cbranch(builder.icmp_signed("<", I64(LANES), count), loop, after)
    builder.position_at_end(loop)
    t, totals = builder.phi(I64), [builder.phi(value.type) for value in begun]
    grown, following = meet(t, totals), builder.add(t, I64(LANES))
    for phi, start, value in zip([t, *totals], [I64(LANES), *begun], [following, *grown], strict=True):
        phi.add_incoming(start, before)
        phi.add_incoming(value, loop)
    builder.cbranch(builder.icmp_signed("<", following, count), loop, after)
    builder.position_at_end(after)
    results = [builder.phi(value.type) for value in begun]
    for phi, start, value in zip(results, begun, grown, strict=True):
        phi.add_incoming(start, before)
        phi.add_incoming(value, loop)
    sums = _row_sums(builder, results[:-1] + [constant(0)] * (LANES - forces * GROUP))
    for f, r in ((f, r) for f in range(forces) for r in rows):
        target = builder.gep(lines[2 + f], [builder.add(i, I64(r))])
        builder.store(builder.fadd(builder.load(target), builder.extract_element(sums, I32(f * GROUP + r))), target)
    return builder.extract_element(fold(builder, results[-1], 1), I32(0))


@intrinsic  # type: ignore[misc]  # numba has no types here
def push_group(typing: Any, xy: Any, sums: Any, stride: Any, i: Any, first: Any, count: Any) -> Any:
    """Let points i to i + 3 and ``count`` points from ``first`` >= i on, a multiple of 16, push each other.

    ``xy`` and ``sums`` are addresses of float32[2, stride]: coordinates, and sums of k w (y_i - y_j). Pairs of a point
    and one that is not behind it do not count. Returns the sum of k.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return _meeting(builder, arguments, 2)

    return types.float32(*[types.int64] * 6), generate


@intrinsic  # type: ignore[misc]  # numba has no types here
def meet_group(
    typing: Any, xy: Any, sums: Any, stride: Any, i: Any, first: Any, count: Any, weights: Any, width: Any
) -> Any:
    """Do what ``push_group`` does and let them pull each other as well.

    ``sums`` is the address of float32[4, stride]: behind the push the sums of p w (y_i - y_j). ``weights`` is that of
    float32[4, width], the p of the pairs with points ``first`` and so on; 0 where a pair does not count.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return _meeting(builder, arguments, 4)

    return types.float32(*[types.int64] * 8), generate
