"""Squared distances, and what is done with them next.

- ``tile``        squared distances of ROWS points to COLUMNS points
- ``keep_below``  those that are not above a limit, and whose they are
- ``transpose_tile``, ``transpose_tile_past_caches``, ``drain``  a square piece of a matrix to its mirror place

The plain twins are in affinity/packing.py, affinity/selection.py and affinity/mirroring.py.
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from xailab_kernels.intrinsics.building import F32, I32, I64, declare, load, splat, store
from xailab_kernels.intrinsics.width import LANES

ROWS, COLUMNS = 6, 64
"""Points of a tile: its sums stay in 24 of the 32 registers."""


@intrinsic  # type: ignore[misc]  # numba has no types here
def tile(typing: Any, a: Any, b: Any, k: Any, out: Any, stride: Any, add: Any) -> Any:
    """Write ``out[r * stride + c] = sum_k (a[k, r] - b[k, c])**2`` for r < ROWS, c < COLUMNS; if ``add``, add it.

    ``a`` is the address of float32[k, ROWS], ``b`` of float32[k, COLUMNS], ``out`` of float32; ``k`` and ``stride``
    count floats; all are int64. The differences are formed directly: as fast as a matrix product here, and nothing
    cancels.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        a, b, k, out, stride, add = arguments
        vector, pointer = ir.VectorType(F32, LANES), F32.as_pointer()
        a, b = builder.inttoptr(a, pointer), builder.inttoptr(b, pointer)
        out = builder.inttoptr(out, pointer)
        before = builder.block
        loop, after = builder.append_basic_block("features"), builder.append_basic_block("write")
        builder.branch(loop)
        builder.position_at_end(loop)
        step = builder.phi(I64)
        step.add_incoming(I64(0), before)
        sums = [builder.phi(vector) for _ in range(ROWS * COLUMNS // LANES)]
        column = builder.gep(b, [builder.mul(step, I64(COLUMNS))])
        row = builder.gep(a, [builder.mul(step, I64(ROWS))])
        columns = [load(builder, builder.gep(column, [I64(c)])) for c in range(0, COLUMNS, LANES)]
        fused, grown = declare(builder, "llvm.fma.v16f32", vector, 3), []
        for i, total in enumerate(sums):  # in this order, so that no more registers are needed than there are
            r, c = divmod(i * LANES, COLUMNS)
            if c == 0:
                value = splat(builder, builder.load(builder.gep(row, [I64(r)])))
            difference = builder.fsub(value, columns[c // LANES])
            grown.append(builder.call(fused, [difference, difference, total]))
        following = builder.add(step, I64(1))
        step.add_incoming(following, loop)
        for total, more in zip(sums, grown, strict=True):
            total.add_incoming(ir.Constant(vector, [F32(0.0)] * LANES), before)
            total.add_incoming(more, loop)
        builder.cbranch(builder.icmp_signed("<", following, k), loop, after)
        builder.position_at_end(after)
        starts = [builder.mul(stride, I64(r)) for r in range(ROWS)]
        lines = [builder.gep(out, [builder.add(r, I64(c))]) for r in starts for c in range(0, COLUMNS, LANES)]
        with builder.if_else(builder.icmp_signed("==", add, I64(0))) as (write, more):
            with write:
                for total, line in zip(grown, lines, strict=True):
                    store(builder, total, line)
            with more:
                for total, line in zip(grown, lines, strict=True):
                    store(builder, builder.fadd(total, load(builder, line)), line)
        return context.get_dummy_value()

    return types.void(*[types.int64] * 6), generate


@intrinsic  # type: ignore[misc]  # numba has no types here
def keep_below(typing: Any, values: Any, limits: Any, ids: Any, kept_values: Any, kept_ids: Any) -> Any:
    """Write those of COLUMNS values that are not above their limits one after the other, and their ids; count them.

    All are addresses, of float32 and int32. Whole registers are written: behind what is kept, up to LANES places must
    be free.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        values, limits, ids, kept_values, kept_ids = arguments
        pointer, mask = F32.as_pointer(), ir.VectorType(ir.IntType(1), LANES)
        vector = ir.VectorType(F32, LANES)
        values, limits, ids = (builder.inttoptr(address, pointer) for address in (values, limits, ids))
        kept_values, kept_ids = builder.inttoptr(kept_values, pointer), builder.inttoptr(kept_ids, pointer)
        count = I64(0)
        kind = ir.FunctionType(vector, [vector, vector, mask])
        name = "llvm.x86.avx512.mask.compress.v16f32"
        compress = builder.module.globals.get(name) or ir.Function(builder.module, kind, name=name)
        for c in range(0, COLUMNS, LANES):  # ids are moved as if they were floats: their bits stay
            value, limit, label = (load(builder, builder.gep(p, [I64(c)])) for p in (values, limits, ids))
            below = builder.fcmp_ordered("<=", value, limit)
            for register, kept in ((value, kept_values), (label, kept_ids)):
                packed = builder.call(compress, [register, ir.Constant(vector, ir.Undefined), below])
                store(builder, packed, builder.gep(kept, [count]))
            bits = builder.zext(builder.bitcast(below, ir.IntType(LANES)), I64)
            count = builder.add(count, builder.ctpop(bits))
        return count

    return types.int64(*[types.int64] * 5), generate


def _transpose(builder: Any, rows: list[Any]) -> list[Any]:
    """Transpose 16 registers of 16 floats in 4 rounds of exchanges."""
    for span in (8, 4, 2, 1):
        mixed = list(rows)
        for r in (r for r in range(LANES) if not r & span):
            lower = [lane if not lane & span else LANES + lane - span for lane in range(LANES)]
            upper = [lane + span if not lane & span else LANES + lane for lane in range(LANES)]
            for place, lanes in ((r, lower), (r + span, upper)):
                order = ir.Constant(ir.VectorType(I32, LANES), [I32(lane) for lane in lanes])
                mixed[place] = builder.shuffle_vector(rows[r], rows[r + span], order)
        rows = mixed
    return rows


def _move_transposed(builder: Any, arguments: Any, *, past_caches: bool) -> None:
    """Write ``target[c, r] = source[r, c]`` for 16 x 16 floats; lines of the target begin at multiples of 64 bytes."""
    source, source_stride, target, target_stride = arguments
    pointer, lines = F32.as_pointer(), range(LANES)
    source, target = builder.inttoptr(source, pointer), builder.inttoptr(target, pointer)
    rows = [load(builder, builder.gep(source, [builder.mul(source_stride, I64(r))])) for r in lines]
    for r, row in enumerate(_transpose(builder, rows)):
        line = builder.bitcast(builder.gep(target, [builder.mul(target_stride, I64(r))]), row.type.as_pointer())
        stored = builder.store(row, line)
        stored.align = 4 * LANES
        if past_caches:
            stored.set_metadata("nontemporal", builder.module.add_metadata([I32(1)]))


@intrinsic  # type: ignore[misc]  # numba has no types here
def transpose_tile(typing: Any, source: Any, source_stride: Any, target: Any, target_stride: Any) -> Any:
    """Write ``target[c, r] = source[r, c]`` for 16 x 16 floats: addresses and strides in floats, all int64.

    Every line of the target must begin at a multiple of 64 bytes.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        _move_transposed(builder, arguments, past_caches=False)
        return context.get_dummy_value()

    return types.void(*[types.int64] * 4), generate


@intrinsic  # type: ignore[misc]  # numba has no types here
def transpose_tile_past_caches(typing: Any, source: Any, source_stride: Any, target: Any, target_stride: Any) -> Any:
    """Do the same without reading the target's lines first, for what is not needed again soon; ``drain`` afterwards."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        _move_transposed(builder, arguments, past_caches=True)
        return context.get_dummy_value()

    return types.void(*[types.int64] * 4), generate


@intrinsic  # type: ignore[misc]  # numba has no types here
def drain(typing: Any) -> Any:
    """Wait until what was written past the caches can be seen by other threads."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        builder.fence("seq_cst")
        return context.get_dummy_value()

    return types.void(), generate
