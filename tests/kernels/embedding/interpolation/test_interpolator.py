"""Interpolated repulsion is exact repulsion, to the accuracy that is promised, wherever the points lie."""

import numba
import numpy as np
import pytest
from xailab_kernels.embedding.interpolation.interpolator import Interpolator

FORCES, NORMALIZATION = 5e-3, 1e-4  # the promise: relative L2 error; relative error, for dof up to 1


def exact(points, dof, rows=slice(None)):
    """The twin: the sums of the formula in float64, for some of the points; and their potentials."""
    forces, potentials = [], []
    for point in points[rows].astype(np.float64):
        difference = point - points
        w = 1 / (1 + (difference**2).sum(1) / dof)
        forces.append((w[:, None] ** (dof + 1) * difference).sum(0))
        potentials.append((w**dof).sum() - 1)
    return np.array(forces), np.array(potentials)


def uniform(n, span, seed=0):
    return (np.random.default_rng(seed).uniform(-0.5, 0.5, (n, 2)) * span).astype(np.float32)


def clustered(n, span, seed=0):
    """A hundred clusters of very different widths, some of them no wider than the kernel."""
    rng = np.random.default_rng(seed)
    centers, widths = rng.normal(size=(100, 2)), 0.1 * np.exp(rng.normal(size=100))
    member = rng.integers(0, 100, n)
    points = centers[member] + widths[member, None] * rng.normal(size=(n, 2))
    points -= points.mean(0)
    return (points * span / np.ptp(points)).astype(np.float32)


def like_an_embedding(n, span, seed=0):
    """Discs of even density in a disc, with a few points between them."""
    rng = np.random.default_rng(seed)
    turn, radius = rng.uniform(0, 2 * np.pi, (2, 30)), np.sqrt(rng.uniform(size=30))
    centers = np.stack([radius * np.cos(turn[0]), radius * np.sin(turn[0])], 1)
    member, turn = rng.integers(0, 30, n), rng.uniform(0, 2 * np.pi, n)
    radius = 0.12 * np.sqrt(rng.uniform(size=n)) * (1 + 3 * (rng.uniform(size=n) < 0.02))
    points = centers[member] + radius[:, None] * np.stack([np.cos(turn), np.sin(turn)], 1)
    points -= points.mean(0)
    return (points * span / np.ptp(points)).astype(np.float32)


def errors(points, interpolator, dof, rows=slice(None)):
    """Relative errors of the forces on some points, and of the normalization if they are all."""
    forces, potentials = exact(points, dof, rows)
    found, normalization = interpolator.repel(points)
    off = np.linalg.norm(found[rows] - forces) / np.linalg.norm(forces)
    return off, abs(normalization / potentials.sum() - 1)


@pytest.mark.parametrize("dof", [0.5, 1.0, 3.0])
@pytest.mark.parametrize("cloud", [uniform, clustered, like_an_embedding])
def test_errors_keep_the_promise_at_every_span(cloud, dof):
    interpolator = Interpolator(dof=dof)
    for span in (1e-4, 0.1, 1, 4, 20, 50):
        forces, normalization = errors(cloud(1500, span), interpolator, dof)
        assert forces < FORCES, (span, forces)
        assert normalization < (NORMALIZATION if dof <= 1 else 3 * NORMALIZATION), (span, normalization)


@pytest.mark.parametrize("cloud", [uniform, clustered, like_an_embedding])
@pytest.mark.parametrize(("n", "span"), [(40_000, 200), (200_000, 1000)])
def test_errors_keep_the_promise_for_wide_embeddings(cloud, n, span):
    forces, _ = errors(cloud(n, span), Interpolator(), 1.0, slice(None, None, n // 100))
    assert forces < FORCES


def test_the_normalization_of_a_wide_embedding_keeps_the_promise():
    _, normalization = errors(like_an_embedding(5000, 200), Interpolator(), 1.0)
    assert normalization < NORMALIZATION


def test_the_error_falls_with_the_third_power_of_the_spacing():
    points = like_an_embedding(4000, 120)  # so wide that neither is made finer
    coarse, fine = (errors(points, Interpolator(spacing=s), 1.0)[0] for s in (0.5, 0.25))
    assert fine < coarse / 8


@pytest.mark.parametrize(("dof", "promise"), [(0.1, NORMALIZATION), (100.0, 3 * NORMALIZATION)])
def test_extreme_degrees_of_freedom_work(dof, promise):
    for span in (0.01, 3, 30):
        forces, normalization = errors(like_an_embedding(1000, span), Interpolator(dof=dof), dof)
        assert forces < FORCES, span
        assert normalization < promise, span


def test_order_does_not_matter_beyond_rounding():
    points = like_an_embedding(3000, 40)
    order = np.random.default_rng(1).permutation(len(points))
    forces, normalization = Interpolator().repel(points)
    shuffled, again = Interpolator().repel(points[order])
    np.testing.assert_allclose(shuffled, forces[order], rtol=0, atol=2e-5 * np.abs(forces).max())
    assert again == pytest.approx(normalization, rel=1e-6)


def test_threads_and_earlier_calls_change_no_bit():
    small, large = like_an_embedding(3000, 3), like_an_embedding(60_000, 80)
    threads = numba.get_num_threads()
    try:
        numba.set_num_threads(1)
        alone = Interpolator().repel(large)
        numba.set_num_threads(threads)
        used = Interpolator()
        for cloud in (large, small, large[::2].copy(), large):
            forces, normalization = used.repel(cloud)
    finally:
        numba.set_num_threads(threads)
    np.testing.assert_array_equal(forces, alone[0])
    assert normalization == alone[1]


def test_far_outliers_widen_the_spacing_and_not_the_memory():
    points = like_an_embedding(2000, 20)
    points[0] = (3000, -5000)
    interpolator = Interpolator(most_nodes=2**16)
    interpolator.repel(points)
    shapes, grids = interpolator._grids
    assert shapes[0][0] * shapes[0][1] <= 2**16
    assert sum(grid.nbytes for grid in grids) < 8 * 2**16 * 4


def test_a_line_of_points_takes_a_narrow_grid():
    points = uniform(2000, 300)
    points[:, 0] *= 1e-3
    interpolator = Interpolator()
    forces, normalization = errors(points, interpolator, 1.0)
    assert forces < 2 * FORCES  # most of them cancel
    assert normalization < 2 * NORMALIZATION
    assert interpolator._grids[0][0][0] <= 16


@pytest.mark.parametrize(("axis", "span"), [(0, 20), (1, 20), (0, 0.01)])
def test_points_far_from_the_origin_are_as_good_as_near_it(axis, span):
    points = like_an_embedding(1000, span)
    points[:, axis] += 4096  # float32 keeps 1/2048 there
    forces, normalization = errors(points, Interpolator(), 1.0)
    assert forces < FORCES
    assert normalization < NORMALIZATION


def test_one_point_feels_nothing():
    forces, normalization = Interpolator().repel(np.full((1, 2), 7, np.float32))
    assert not forces.any()
    assert normalization == 0


def test_points_in_one_place_feel_nothing():
    forces, normalization = Interpolator().repel(np.full((500, 2), -0.3, np.float32))
    assert np.abs(forces).max() < 1e-4
    assert normalization == pytest.approx(500 * 499)


def test_two_points_push_each_other_apart():
    for distance in (1e-3, 0.3, 2, 100):
        points = np.array([[0, 0], [distance, 0]], np.float32)
        forces, normalization = Interpolator().repel(points)
        k = 1 / (1 + distance**2)
        assert normalization == pytest.approx(2 * k, abs=3e-3)  # no crowd evens errors out
        np.testing.assert_allclose(forces, [[-distance * k**2, 0], [distance * k**2, 0]], rtol=0.01, atol=2e-3)


def test_memory_order_and_read_only_arrays_do_not_matter():
    points = like_an_embedding(1000, 20)
    forces, _ = Interpolator().repel(points)
    wide = np.zeros((1000, 4), np.float32)
    wide[:, 1::2] = points
    wide.flags.writeable = False
    np.testing.assert_array_equal(Interpolator().repel(wide[:, 1::2])[0], forces)
    np.testing.assert_array_equal(Interpolator().repel(np.asfortranarray(points))[0], forces)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("where", [0, 70, 999])
def test_points_that_are_not_finite_are_refused(bad, where):
    points = like_an_embedding(1000, 20)
    points[where, where % 2] = bad
    with pytest.raises(ValueError, match="finite; these have NaN or infinity"):
        Interpolator().repel(points)


def test_huge_spans_end_in_numbers():
    points = like_an_embedding(1000, 20)
    points[3] = 1e30
    forces, normalization = Interpolator(most_nodes=4096).repel(points)
    assert np.isfinite(forces).all()
    assert np.isfinite(normalization)


def test_wrong_arguments_are_refused():
    with pytest.raises(TypeError, match="float32, got float64"):
        Interpolator().repel(np.zeros((5, 2)))
    for shape in ((5, 3), (0, 2), (4,)):
        with pytest.raises(ValueError, match=r"\(n, 2\) with n >= 1"):
            Interpolator().repel(np.zeros(shape, np.float32))
    for spacing in (0, 1.5, np.nan):
        with pytest.raises(ValueError, match=r"spacing must be in \(0, 1\]"):
            Interpolator(spacing=spacing)
    for dof in (0, np.inf, np.nan):
        with pytest.raises(ValueError, match="degrees of freedom must be at least"):
            Interpolator(dof=dof)
    with pytest.raises(ValueError, match="at least 4096, got 100"):
        Interpolator(most_nodes=100)
