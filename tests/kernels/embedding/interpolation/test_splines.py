"""The four splines at a point, and the cell it is in."""

import numpy as np
import pytest
from scipy.interpolate import BSpline
from xailab_kernels.embedding.interpolation.splines import cell, derivatives, weights

FRACTIONS = np.linspace(0, 1, 33)[:-1]
SPLINE = BSpline.basis_element([-2, -1, 0, 1, 2])


def test_weights_are_cubic_splines():
    for f in FRACTIONS:
        np.testing.assert_allclose(weights(np.float32(f)), SPLINE(f - np.arange(-1, 3)), atol=1e-6)
        np.testing.assert_allclose(derivatives(np.float32(f)), SPLINE.derivative()(f - np.arange(-1, 3)), atol=1e-6)


def test_weights_sum_to_one_and_derivatives_to_zero():
    for f in FRACTIONS:
        assert sum(weights(np.float32(f))) == pytest.approx(1, abs=1e-6)
        assert sum(derivatives(np.float32(f))) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("position", [-np.inf, -1e30, -3, 0, 0.99, np.nan, 61, 64, 2**31, 1e30, np.inf])
def test_no_position_leads_outside_the_grid(position):
    first, fraction = cell(np.float32(position), 64)
    assert 0 <= first <= 60
    assert 0 <= fraction < 1


def test_distances_are_counted_from_the_third_node():
    assert cell(np.float32(0), 64) == (1, 0)
    assert cell(np.float32(5.25), 64) == (6, 0.25)
    assert cell(np.float32(58.5), 64) == (59, 0.5)
