"""Small pieces of LLVM's intermediate code: how one writes a register, and what is done with it."""

from typing import Any

from llvmlite import ir

from xailab_kernels.intrinsics.width import LANES

F32, I32, I64 = ir.FloatType(), ir.IntType(32), ir.IntType(64)


def declare(builder: Any, name: str, kind: Any, arguments: int) -> Any:
    """Return a function of LLVM's whose arguments and result are all of one type."""
    function = builder.module.globals.get(name)
    return function or ir.Function(builder.module, ir.FunctionType(kind, [kind] * arguments), name=name)


def splat(builder: Any, value: Any) -> Any:
    """Repeat a float in all lanes."""
    vector = ir.VectorType(F32, LANES)
    first = builder.insert_element(ir.Constant(vector, ir.Undefined), value, I32(0))
    lanes = ir.Constant(ir.VectorType(I32, LANES), [I32(0)] * LANES)
    return builder.shuffle_vector(first, ir.Constant(vector, ir.Undefined), lanes)


def load(builder: Any, pointer: Any) -> Any:
    """Read a register from a pointer to float, at any alignment."""
    loaded = builder.load(builder.bitcast(pointer, ir.VectorType(F32, LANES).as_pointer()))
    loaded.align = 4
    return loaded


def store(builder: Any, value: Any, pointer: Any) -> None:
    """Write a register to a pointer to float, at any alignment."""
    stored = builder.store(value, builder.bitcast(pointer, ir.VectorType(F32, LANES).as_pointer()))
    stored.align = 4


def shuffle(builder: Any, a: Any, b: Any, lanes: list[int]) -> Any:
    """Take lanes out of two vectors, one behind the other."""
    return builder.shuffle_vector(a, b, ir.Constant(ir.VectorType(I32, len(lanes)), [I32(lane) for lane in lanes]))


def constant(value: float) -> Any:
    """Return a register full of one number."""
    return ir.Constant(ir.VectorType(F32, LANES), [F32(value)] * LANES)


def fused(builder: Any, a: Any, b: Any, c: Any) -> Any:
    """Return a * b + c."""
    return builder.call(declare(builder, "llvm.fma.v16f32", ir.VectorType(F32, LANES), 3), [a, b, c])


def reciprocal(builder: Any, x: Any) -> Any:
    """Return 1 / x: the processor's estimate of 14 bits and one step of Newton's method."""
    vector, mask, name = ir.VectorType(F32, LANES), ir.IntType(LANES), "llvm.x86.avx512.rcp14.ps.512"
    kind = ir.FunctionType(vector, [vector, vector, mask])
    estimate = builder.module.globals.get(name) or ir.Function(builder.module, kind, name=name)
    first = builder.call(estimate, [x, constant(0), ir.Constant(mask, -1)])
    return builder.fmul(first, fused(builder, builder.fneg(x), first, constant(2)))


def fold(builder: Any, vector: Any, width: int) -> Any:
    """Add the halves of a vector to each other until it is so wide."""
    half = vector.type.count // 2
    if half < width:
        return vector
    halves = [shuffle(builder, vector, vector, list(range(start, start + half))) for start in (0, half)]
    return fold(builder, builder.fadd(*halves), width)
