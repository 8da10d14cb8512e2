"""Powers and logarithms that the compiler can turn into vector instructions; a call of the C library it cannot.

- ``power``      base**exponent in float32
- ``logarithm``  natural logarithm in float64
- ``power64``    base**exponent in float64

A logarithm splits off the binary exponent, so that a mantissa m in [0.7, 1.4] remains, and sums the series
log m = 2 (s + s^3 / 3 + s^5 / 5 + ...) with s = (m - 1) / (m + 1), at most 0.172.
"""

import math

import numpy as np

from xailab_kernels.compiling import fast_serial

_ONE = np.float32(1)
_LOG2E = 1 / math.log(2)
_LOG32 = tuple(np.float32(2 * _LOG2E / k) for k in (9, 7, 5, 3, 1))
_EXP32 = tuple(np.float32(math.log(2) ** k / math.factorial(k)) for k in (6, 5, 4, 3, 2, 1, 0))
_LOG64 = tuple(2 / k for k in (21, 19, 17, 15, 13, 11, 9, 7, 5, 3))
_EXP64 = tuple(1 / math.factorial(k) for k in range(12, -1, -1))
_LN2 = math.log(2)
_HALF_BITS32, _HALF_BITS64 = np.int32(0x3F3504F3), np.int64(0x3FE6A09E667F3BCD)  # of sqrt(1/2)


@fast_serial
def power(base, exponent):  # type: ignore[no-untyped-def]
    """Return base**exponent for a float32 base >= 1 and exponent <= 0; powers below 2**-126 count as 2**-126.

    The relative error is below 3e-7 + 8e-8 |log2 of the result|.
    """
    bits = np.float32(base).view(np.int32)
    octave = np.int32(np.int32(bits - _HALF_BITS32) >> np.int32(23))
    mantissa = np.int32(bits - (octave << np.int32(23))).view(np.float32)
    s = (mantissa - _ONE) / (mantissa + _ONE)
    square = s * s
    a, b, c, d, e = _LOG32
    log2 = np.float32(octave) + s * ((((a * square + b) * square + c) * square + d) * square + e)
    x = max(exponent * log2, np.float32(-126))
    whole = np.int32(x - np.float32(0.5))  # towards zero, which rounds to the nearest for x <= 0
    rest = x - np.float32(whole)
    a, b, c, d, e, f, g = _EXP32
    result = (((((a * rest + b) * rest + c) * rest + d) * rest + e) * rest + f) * rest + g
    return np.int32(np.float32(result).view(np.int32) + np.int32(whole << np.int32(23))).view(np.float32)


@fast_serial
def logarithm(x):  # type: ignore[no-untyped-def]
    """Return log(x) for a normal float64 x > 0, to about 4e-16."""
    bits = np.float64(x).view(np.int64)
    octave = np.int64(np.int64(bits - _HALF_BITS64) >> np.int64(52))
    mantissa = np.int64(bits - (octave << np.int64(52))).view(np.float64)
    s = (mantissa - 1.0) / (mantissa + 1.0)
    square = s * s
    series = 0.0
    for coefficient in _LOG64:
        series = series * square + coefficient
    return octave * _LN2 + (2.0 * s + s * square * series)


@fast_serial
def power64(base, exponent):  # type: ignore[no-untyped-def]
    """Return base**exponent for a float64 base >= 1 and exponent <= 0, to about 1e-15 * (1 - exponent)."""
    x = max(exponent * logarithm(base), -708.0)
    whole = np.int64(x * _LOG2E - 0.5)
    rest = x - whole * _LN2
    result = 0.0
    for coefficient in _EXP64:
        result = result * rest + coefficient
    return np.int64(np.float64(result).view(np.int64) + np.int64(whole << np.int64(52))).view(np.float64)
