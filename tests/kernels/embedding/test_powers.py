"""Powers and logarithms agree with the C library's as far as they promise."""

import math

import numba
import numpy as np
import pytest
from xailab_kernels.embedding import powers

BASES = np.concatenate([np.linspace(1, 3, 2000), np.geomspace(1, 1e6, 2000)])


@numba.njit
def apply(function, bases, exponent, out):
    for i in range(bases.size):
        out[i] = function(bases[i], exponent)


@pytest.mark.parametrize("exponent", [-0.2, -1.0, -5.0, -20.0])
def test_powers_in_float32(exponent):
    bases = BASES[BASES**-exponent < 1e36].astype(np.float32)
    out = np.empty_like(bases)
    apply(powers.power, bases, np.float32(exponent), out)
    expected = bases.astype(np.float64) ** np.float64(np.float32(exponent))
    assert (np.abs(out / expected - 1) < 3e-7 - 8e-8 * np.log2(expected)).all()


def test_powers_that_are_too_small_count_as_the_smallest_normal_number():
    assert powers.power(np.float32(1e30), np.float32(-20)) == np.float32(2.0**-126)
    assert powers.power(np.float32(1), np.float32(-20)) == 1


@pytest.mark.parametrize("exponent", [-0.2, -1.0, -5.0, -20.0])
def test_powers_in_float64(exponent):
    out = np.empty_like(BASES)
    apply(powers.power64, BASES, exponent, out)
    np.testing.assert_allclose(out, BASES**exponent, rtol=1e-14 * (1 - exponent))


def test_logarithms():
    values = np.concatenate([BASES, 1 / BASES, np.geomspace(1e-300, 1e300, 2000)])
    for value in values:
        assert powers.logarithm(value) == pytest.approx(math.log(value), rel=5e-16, abs=1e-17)
