"""Arrays in compiled code without reference counts; on every processor.

- ``borrowed``  the same array, uncounted
- ``COMPILED``  whether numba compiles at all
"""

from typing import Any

from llvmlite import ir
from numba import config
from numba.extending import intrinsic

COMPILED = not config.DISABLE_JIT


@intrinsic  # type: ignore[misc]  # numba has no types here
def _borrowed(typing: Any, array: Any) -> Any:
    """Return the array without its reference count."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = context.make_array(signature.args[0])
        view = kind(context, builder, arguments[0])
        view.meminfo = ir.Constant(view.meminfo.type, None)
        view.parent = ir.Constant(view.parent.type, None)
        return view._getvalue()

    return array(array), generate


def _itself(array: Any) -> Any:
    """Do nothing, where nothing is compiled."""
    return array


borrowed = _borrowed if COMPILED else _itself
"""The same array for compiled code, without counting references: two atomic instructions each time it is passed on,
more than the work itself in the innermost functions. Only while the caller holds the array."""
