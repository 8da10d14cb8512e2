"""The 4 x 4 nodes of a grid under a point, four at once.

- ``interpolate_patch``  what is read off a grid
- ``charge_patch``       what is written to it

128-bit vectors, which LLVM has on every processor: ``WIDE`` does not matter. The plain twins are in
embedding/interpolation/spreading.py.
"""

from collections.abc import Sequence
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from xailab_kernels.intrinsics.building import F32, I32, I64, declare, fold, shuffle

_QUAD = ir.VectorType(F32, 4)
_NO_QUAD = ir.Constant(_QUAD, ir.Undefined)
_SPLINES: Sequence[tuple[float, ...]] = (
    (-1 / 6, 1 / 2, -1 / 2, 1 / 6),
    (1 / 2, -1, 0, 2 / 3),
    (-1 / 2, 1 / 2, 1 / 2, 1 / 6),
    (1 / 6, 0, 0, 0),
)
"""The cubic B-splines of a cell's four nodes; coefficients of the highest power first."""


def _polynomials(builder: Any, x: Any, rows: Sequence[tuple[float, ...]]) -> Any:
    """Evaluate four polynomials at a float; each row has the coefficients of one, the highest power first."""
    x = shuffle(builder, builder.insert_element(ir.Constant(_QUAD, ir.Undefined), x, I32(0)), _NO_QUAD, [0] * 4)
    result, *others = (ir.Constant(_QUAD, [F32(value) for value in column]) for column in zip(*rows, strict=True))
    for other in others:
        result = _fused_quad(builder, result, x, other)
    return result


_SLOPES = [(3 * a, 2 * b, c) for a, b, c, _d in _SPLINES]


def _fused_quad(builder: Any, a: Any, b: Any, c: Any) -> Any:
    """Return a * b + c, in one step where the processor can."""
    return builder.call(declare(builder, "llvm.fmuladd.v4f32", _QUAD, 3), [a, b, c])


def _patch_rows(builder: Any, address: Any, stride: Any) -> list[tuple[Any, Any]]:
    """Return pointers to four rows of four floats, and what stands there."""
    first = builder.inttoptr(address, F32.as_pointer())
    pointers = [
        builder.bitcast(builder.gep(first, [builder.mul(stride, I64(a))]), _QUAD.as_pointer()) for a in range(4)
    ]
    values = [builder.load(pointer) for pointer in pointers]
    for value in values:
        value.align = 4
    return list(zip(pointers, values, strict=True))


@intrinsic  # type: ignore[misc]  # numba has no types here
def interpolate_patch(typing: Any, address: Any, stride: Any, f: Any, g: Any) -> Any:
    """Return the value at the fractions f (down) and g (across) of a cell, and the slopes along both, per spacing."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        address, stride, f, g = arguments
        down, steep_down = (_polynomials(builder, f, rows) for rows in (_SPLINES, _SLOPES))
        across, steep_across = (_polynomials(builder, g, rows) for rows in (_SPLINES, _SLOPES))
        level = steep = ir.Constant(_QUAD, [F32(0)] * 4)
        for a, (_pointer, row) in enumerate(_patch_rows(builder, address, stride)):
            level = _fused_quad(builder, shuffle(builder, down, _NO_QUAD, [a] * 4), row, level)
            steep = _fused_quad(builder, shuffle(builder, steep_down, _NO_QUAD, [a] * 4), row, steep)
        products = [builder.fmul(*pair) for pair in ((across, level), (across, steep), (steep_across, level))]
        halves = [fold(builder, product, 2) for product in products]
        sums = [builder.fadd(*(builder.extract_element(half, I32(k)) for k in range(2))) for half in halves]
        return context.make_tuple(builder, signature.return_type, sums)

    return types.UniTuple(types.float32, 3)(types.int64, types.int64, types.float32, types.float32), generate


@intrinsic  # type: ignore[misc]  # numba has no types here
def charge_patch(typing: Any, address: Any, stride: Any, f: Any, g: Any) -> Any:
    """Add the charge of a point at the fractions f (down) and g (across) of a cell."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        address, stride, f, g = arguments
        down, across = _polynomials(builder, f, _SPLINES), _polynomials(builder, g, _SPLINES)
        for a, (pointer, row) in enumerate(_patch_rows(builder, address, stride)):
            share = shuffle(builder, down, _NO_QUAD, [a] * 4)
            builder.store(_fused_quad(builder, share, across, row), pointer).align = 4
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, types.float32, types.float32), generate
