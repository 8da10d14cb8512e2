"""The parts of the kernel sum to the kernel."""

import numpy as np
import pytest
from xailab_kernels.embedding.interpolation import levels
from xailab_kernels.embedding.interpolation.levels import Kernel


def on_lattice(products, half):
    """The kernel that products stand for, at offsets from -half to half."""
    profiles = np.zeros((len(products.weights), 2 * half + 1))
    reach = min(half, products.profiles.shape[1] - 1)
    profiles[:, half - reach : half + reach + 1] = np.concatenate(
        [products.profiles[:, reach:0:-1], products.profiles[:, : reach + 1]], 1
    )
    return np.einsum("t,ta,tb->ab", products.weights, profiles, profiles)


def blurred(lattice):
    """What two points on nodes see: the splines of both at the nodes, (1, 4, 1) / 6 twice."""
    blur = np.convolve([1, 4, 1], [1, 4, 1]) / 36
    for axis in (0, 1):
        lattice = np.apply_along_axis(np.convolve, axis, lattice, blur, mode="same")
    return lattice


@pytest.mark.parametrize("dof", [0.5, 1.0, 3.0])
def test_a_smoothed_kernel_is_the_kernel_outside_and_smooth_where_they_meet(dof):
    kernel, reach = Kernel(dof), 4.0
    squares = np.linspace(14, 18, 401)
    smoothed = kernel.smoothed(squares, reach)
    np.testing.assert_array_equal(smoothed[squares >= 16], kernel.at(squares[squares >= 16]))
    jumps = np.abs(np.diff(smoothed, 3))
    assert jumps.max() < 3 * np.abs(np.diff(kernel.at(squares), 3)).max() + 1e-12
    assert kernel.smoothed(np.zeros(1), reach) < kernel.at(np.zeros(1))


def test_a_lowered_kernel_is_one_less_and_exact_near_zero():
    squares = np.array([0, 1e-12, 0.3, 7.0])
    np.testing.assert_allclose(Kernel(1.0, lowered=True).at(squares), -squares / (1 + squares), rtol=1e-14)
    np.testing.assert_allclose(
        Kernel(2.0, lowered=True).smoothed(squares, 2.0), Kernel(2.0).smoothed(squares, 2.0) - 1, atol=1e-15
    )


@pytest.mark.parametrize("dof", [0.5, 1.0, 3.0])
def test_the_rest_alone_is_the_kernel_at_nodes(dof):
    spacing, kernel = 0.3, Kernel(dof)
    found = blurred(on_lattice(levels.rest(kernel, spacing, 0, 24), 23))[8:-8, 8:-8]
    offsets = np.arange(-15, 16) * spacing
    np.testing.assert_allclose(found, kernel.at(offsets[:, None] ** 2 + offsets**2), atol=2e-5)


@pytest.mark.parametrize("dof", [0.5, 1.0, 3.0])
@pytest.mark.parametrize("level", [0, 1, 3])
def test_a_band_keeps_its_shape_and_exactly_its_sum(dof, level):
    spacing, kernel = 0.25, Kernel(dof)
    found = blurred(on_lattice(levels.band(kernel, spacing, level), 24))
    here = spacing * 2**level
    squares = (np.arange(-24, 25) * here) ** 2
    squares = squares[:, None] + squares
    inner = kernel.smoothed(squares, 14.3 * here / 2) if level else kernel.at(squares)
    expected = inner - kernel.smoothed(squares, 14.3 * here)
    assert found.sum() == pytest.approx(expected.sum(), rel=1e-6)
    assert np.abs(found - expected).max() < 4e-3


def test_a_band_needs_only_two_products():
    assert len(levels.band(Kernel(1.0), 0.25, 0).weights) == 2
    assert len(levels.band(Kernel(1.0), 0.25, 4).weights) == 2


def test_a_points_effect_on_itself_vanishes_with_the_spacing():
    potentials, forces = zip(*(levels.self_term(Kernel(1.0), spacing) for spacing in (0.5, 0.25, 0.05)), strict=True)
    errors = np.abs(np.array(potentials) - 1)
    assert errors[0] > 4 * errors[1] > 16 * errors[2]
    strengths = np.linalg.norm(forces, axis=1)
    assert strengths[0] > 4 * strengths[1] > 16 * strengths[2]
    assert levels.self_term(Kernel(1.0, lowered=True), 0.25)[0] == pytest.approx(potentials[1], abs=1e-6)
