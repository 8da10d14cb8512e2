"""Powers of two in float32 that the compiler can turn into vector instructions; a call of the C library it cannot.

- ``exp2``   2**x for x <= 0
- ``LEAST``  exponents are cut off here
"""

import numpy as np

from xailab_kernels.compiling import fused_serial

LEAST = np.float32(-126)
"""The power of the smallest float32 of full precision; nothing beside 1."""

# The polynomial of degree 6 whose largest relative error on [-1/2, 1/2] is smallest: 1.9e-9 before rounding. Found by
# Remez' exchange in float64 (a test repeats it) and rounded; in float32 the error is below 1e-7, and 2**0 is 1.
COEFFICIENTS = tuple(
    np.float32(c)
    for c in (
        1.0,
        0.6931471824645996,
        0.24022646248340607,
        0.05550328642129898,
        0.009618489071726799,
        0.0013399930903688073,
        0.0001534581242594868,
    )
)
C0, C1, C2, C3, C4, C5, C6 = COEFFICIENTS


@fused_serial
def exp2(x):  # type: ignore[no-untyped-def]
    """Return 2**x for a float32 LEAST <= x <= 0."""
    whole = np.int32(x - np.float32(0.5))  # cut towards zero: the nearest whole number
    rest = x - np.float32(whole)
    power = (((((C6 * rest + C5) * rest + C4) * rest + C3) * rest + C2) * rest + C1) * rest + C0
    return np.int32(np.float32(power).view(np.int32) + np.int32(whole << np.int32(23))).view(np.float32)
